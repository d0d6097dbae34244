using Xunit;

namespace Gatehouse.Tests.Support;

/// <summary>Waiting for what comes about by itself.</summary>
internal static class Patience
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private const int Times = 300;

    /// <summary>Looks until it is so; half a minute of looking without success fails the test.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        for (var i = 0; i < Times; i++)
        {
            if (await isSo())
                return;
            await Task.Delay(Pause);
        }

        Assert.Fail("it did not come to that within half a minute");
    }
}

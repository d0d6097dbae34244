using Gatehouse.Core.Clusters;

namespace Gatehouse.Cluster.Membership;

/// <summary>Waits for a state that nobody announces.</summary>
internal static class Poll
{
    /// <summary>Looks until it holds.</summary>
    /// <param name="holds">Looks, at least once.</param>
    /// <param name="within">How long it is waited for.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Whether it came to hold in time.</returns>
    public static async Task<bool> UntilAsync(Func<Task<bool>> holds, TimeSpan within, TimeProvider clock, CancellationToken ct)
    {
        var start = clock.GetTimestamp();
        while (!await holds())
        {
            if (clock.GetElapsedTime(start) >= within)
                return false;
            await Task.Delay(Timeouts.Pause, clock, ct);
        }

        return true;
    }
}

using Gatehouse.Cluster.Membership;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class PollTests
{
    [Fact]
    public async Task It_looks_once_at_least_and_does_not_wait_for_what_holds()
    {
        var looks = 0;
        Assert.True(await Poll.UntilAsync(() => Task.FromResult(++looks > 0), TimeSpan.Zero, TimeProvider.System, default));
        Assert.False(await Poll.UntilAsync(() => Task.FromResult(++looks < 0), TimeSpan.Zero, TimeProvider.System, default));
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task It_looks_again_until_it_holds()
    {
        var looks = 0;
        Assert.True(await Poll.UntilAsync(() => Task.FromResult(++looks == 2), TimeSpan.FromMinutes(5), TimeProvider.System, default));
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task Who_cancels_ends_the_waiting()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Poll.UntilAsync(() => Task.FromResult(false), TimeSpan.FromMinutes(5), TimeProvider.System, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}

using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class ClusterLockTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("gatehouse-lock").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Of_two_that_make_a_host_a_member_one_is_refused_in_clear_words()
    {
        var machine = new LocalMachine(root);
        using (await ClusterLock.TakeFirstAsync(machine, default))
        {
            var refused = await Assert.ThrowsAsync<SequenceException>(() =>
                ClusterLock.TakeFirstAsync(machine, default, TimeSpan.FromMilliseconds(500))
            );
            Assert.Equal(ExitCodes.Refused, refused.Code);
            Assert.Contains("another gatehouse is starting or joining a cluster on this host", refused.Message, StringComparison.Ordinal);
        }

        // What follows waits instead, and comes when the first is done.
        Task<bool> waiting;
        using (await ClusterLock.TakeFirstAsync(machine, default))
        {
            waiting = WaitAsync(machine);
            Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(300)));
        }

        Assert.True(await waiting);
    }

    private static async Task<bool> WaitAsync(LocalMachine machine)
    {
        using var waited = await ClusterLock.TakeAsync(machine, default);
        return true;
    }
}

using System.Net;
using System.Net.Sockets;
using Gatehouse.Agent;
using Gatehouse.Tests.Trust;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Agent;

/// <summary>Questions to several members at the same time.</summary>
public sealed class MemberQueryTests : IDisposable
{
    private readonly SampleCluster cluster = new(made: DateTimeOffset.UtcNow);
    private readonly TestMember here;

    public MemberQueryTests() => here = new TestMember(cluster, 1, epoch: 1);

    public void Dispose() => here.Dispose();

    // The second accepts the connection and says nothing; at the third nothing listens.
    [Fact]
    public async Task Members_that_do_not_answer_hold_up_nobody()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own, "", default);
        using var mute = Listen();
        using var closed = Listen();
        int[] ports = [agent.Port, PortOf(mute), PortOf(closed)];
        closed.Stop();
        var asked = await MemberQuery.AskAllAsync(
            [Node(1), Node(2), Node(3)],
            node => AgentClient.Member(own, "localhost", ports[node.Number - 1], TimeProvider.System),
            async (client, limit) => (await client.StatusAsync(limit)).Release,
            TimeSpan.FromSeconds(4),
            default
        );
        Assert.Equal([1, 2, 3], asked.Select(a => a.Node.Number));
        Assert.Equal([true, false, false], asked.Select(a => a.Answer is not null));
    }

    [Fact]
    public async Task Who_cancels_is_not_told_that_nobody_answers()
    {
        using var own = here.Read();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            MemberQuery.AskAllAsync(
                [Node(1)],
                _ => AgentClient.Member(own, "localhost", 1, TimeProvider.System),
                (client, limit) => client.StatusAsync(limit),
                TimeSpan.FromSeconds(4),
                stop.Token
            )
        );
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}

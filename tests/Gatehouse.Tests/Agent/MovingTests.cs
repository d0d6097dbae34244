using System.Net;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters.Messages;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>A member whose new address no database lets in yet tells the issuer.</summary>
[Collection("real cluster")]
public sealed class MovingTests(RealCluster cluster) : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-moving-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task It_moves_itself_and_only_where_nobody_is()
    {
        await using var agent = await cluster.StartAsync();
        var code = await cluster.InviteAsync();
        var (grant, _) = await cluster.JoinAsync(agent, code, directory);
        using var own = Credentials.Read(directory);
        using var member = agent.Member(own);
        await member.ReadyAsync(new ReadyRequest("version: 1\n"), CancellationToken.None);

        await member.MoveAsync(new MoveRequest("203.0.113.77"), CancellationToken.None);
        var moved = (await cluster.Registry.ViewAsync()).Node(grant.Number)!;
        Assert.Equal(IPAddress.Parse("203.0.113.77"), moved.Address);
        Assert.Equal(IPAddress.Parse("192.0.2.1"), (await cluster.Registry.ViewAsync()).Node(1)!.Address);

        foreach (var wrong in new[] { "192.0.2.1", "127.0.0.1", "224.0.0.1", "nowhere", "" })
        {
            var refused = await Assert.ThrowsAsync<AgentException>(() => member.MoveAsync(new MoveRequest(wrong), CancellationToken.None));
            Assert.Equal("address", refused.Refusal?.Code);
        }

        Assert.Equal(moved.Address, (await cluster.Registry.ViewAsync()).Node(grant.Number)!.Address);
    }

    [Fact]
    public async Task Without_a_certificate_nobody_is_moved()
    {
        await using var agent = await cluster.StartAsync();
        using var stranger = agent.Joining();
        var refused = await Assert.ThrowsAsync<AgentException>(() =>
            stranger.MoveAsync(new MoveRequest("203.0.113.78"), CancellationToken.None)
        );
        Assert.NotNull(refused.Refusal);
    }
}

using Xunit;

namespace Gatehouse.Tests.Registry;

/// <summary>What the registry knows of the votes about it.</summary>
[Collection("registry")]
public sealed class VoteTests(RegistryServer server)
{
    [Fact]
    public async Task Each_node_says_of_itself_whether_it_votes()
    {
        await using var cluster = await server.NewClusterAsync();
        var other = await cluster.JoinAsync("db2", 10, "database");
        Assert.False(await other.Registry.SetVoteAsync(false));
        Assert.True(await other.Registry.SetVoteAsync(true));
        Assert.False(await other.Registry.SetVoteAsync(true));
        var view = await cluster.First.ViewAsync();
        Assert.Equal([other.Number], view.Nodes.Where(n => n.VotesSince is not null).Select(n => n.Number));
        Assert.True(await other.Registry.SetVoteAsync(false));
        Assert.Null((await cluster.First.ViewAsync()).Node(other.Number)!.VotesSince);
    }
}

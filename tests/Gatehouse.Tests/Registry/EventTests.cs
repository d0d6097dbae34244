using Xunit;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class EventTests(RegistryServer server)
{
    [Fact]
    public async Task What_is_done_is_written_down_in_a_chain()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await node.Registry.AppendEventAsync("note", "zwei\nZeilen, häßlich");
        var events = await cluster.First.EventsAsync();
        Assert.Equal(["cluster.started", "authority.added", "authority.added", "node.active", "certificate.issued", "settings.good", "code.made", "node.joining", "node.active", "note"], events.Select(e => e.Kind));
        Assert.Equal("postgres", events[0].Actor);
        Assert.Equal(cluster.FirstName, events[7].Actor);
        Assert.Equal(node.Name, events[^1].Actor);
        var chain = await node.Registry.VerifyEventsAsync();
        Assert.True(chain.IsWhole, chain.Why);
        Assert.Equal((events.Length, events[^1].Hash), (chain.Count, chain.Head));
        Assert.Equal(events[3..5], (await cluster.First.EventsAsync(after: 3, limit: 2)).AsEnumerable());
    }

    [Fact]
    public async Task Many_at_once_stay_in_one_chain()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => (i % 2 == 0 ? cluster.First : node.Registry).AppendEventAsync("note", $"{i}")));
        var chain = await cluster.First.VerifyEventsAsync();
        Assert.True(chain.IsWhole, chain.Why);
        Assert.Equal(69, chain.Count);
    }

    [Theory]
    [InlineData("UPDATE gatehouse.events SET detail = detail || '!' WHERE number = 3", 3, "changed")]
    [InlineData("UPDATE gatehouse.events SET actor = 'mx9.example.org' WHERE number = 4", 4, "changed")]
    [InlineData("UPDATE gatehouse.events SET at = at - interval '1 microsecond' WHERE number = 5", 5, "changed")]
    [InlineData("UPDATE gatehouse.events SET hash = previous WHERE number = 2", 2, "changed")]
    [InlineData("DELETE FROM gatehouse.events WHERE number = 2", 2, "missing")]
    [InlineData("DELETE FROM gatehouse.events WHERE number = (SELECT max(number) FROM gatehouse.events)", 6, "should end with")]
    [InlineData("UPDATE gatehouse.events SET detail = 'x', hash = gatehouse.event_hash(previous, number, at, actor, kind, 'x') WHERE number = 3", 4, "does not follow")]
    public async Task Even_a_superuser_is_found_out(string tampering, long broken, string why)
    {
        await using var cluster = await server.NewClusterAsync();
        Assert.StartsWith("GH009", await TestCluster.TryAsync(cluster.Local, tampering), StringComparison.Ordinal);
        await cluster.AdministratorAsync($"ALTER TABLE gatehouse.events DISABLE TRIGGER ALL; {tampering}; ALTER TABLE gatehouse.events ENABLE TRIGGER ALL");
        var chain = await cluster.First.VerifyEventsAsync();
        Assert.Equal(broken, chain.Broken);
        Assert.Contains(why, chain.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_table_cannot_be_emptied_by_accident()
    {
        await using var cluster = await server.NewClusterAsync();
        Assert.Equal("GH009", await TestCluster.TryAsync(cluster.Local, "TRUNCATE gatehouse.events"));
    }
}

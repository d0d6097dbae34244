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
        Assert.Equal(
            [
                "cluster.started",
                "authority.added",
                "authority.added",
                "node.active",
                "certificate.issued",
                "settings.good",
                "code.made",
                "node.joining",
                "node.active",
                "note",
            ],
            events.Select(e => e.Kind)
        );
        Assert.Equal("postgres", events[0].Actor);
        Assert.Equal(cluster.FirstName, events[7].Actor);
        Assert.Equal(node.Name, events[^1].Actor);
        var chain = await node.Registry.VerifyEventsAsync();
        Assert.True(chain.IsWhole, chain.Why);
        Assert.Equal((events.Length, events[^1].Hash), (chain.Count, chain.Head));
        Assert.Equal(events[3..5], (await cluster.First.EventsAsync(after: 3, limit: 2)).AsEnumerable());
    }

    [Theory]
    [InlineData("anna", " (anna)")]
    [InlineData("anna on mx2.example.org", " (anna on mx2.example.org)")]
    [InlineData("evil'; DROP -c role=postgres\n\\", " (evil DROP -c rolepostgres)")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public async Task The_administrator_behind_a_node_is_named_and_the_node_stays_what_it_is(string? administrator, string shown)
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        var node = await cluster.RedeemAsync(await cluster.InviteAsync(name), identity, TestCluster.Place(10));
        await cluster.First.ActivateAsync(1, node.Number);
        var registry = cluster.Open(server.Login(cluster.Database, name, identity) with { Administrator = administrator });
        var order = await registry.IssueCommandAsync("verify", "{}", [node.Number], DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(
            (name + shown, "command.issued"),
            (await cluster.First.EventsAsync())[^1] is var last ? (last.Actor, last.Kind) : default
        );
        Assert.Equal(name + shown, Assert.Single(await registry.PendingCommandsAsync(node.Number), c => c.Number == order).By);
        Assert.True((await registry.VerifyEventsAsync()).IsWhole);
    }

    [Fact]
    public async Task What_a_joining_node_answered_for_itself_is_filed_when_it_becomes_a_member_and_not_over_newer_ones()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        var node = await cluster.RedeemAsync(await cluster.InviteAsync(name), identity, TestCluster.Place(10));
        Assert.True(await cluster.First.ActivateAsync(1, node.Number, "system: {time_zone: Europe/Paris}\n"));
        Assert.Equal("system: {time_zone: Europe/Paris}\n", await cluster.First.NodeAnswersAsync(node.Number));
        Assert.Equal(["node.joining", "node.answered", "node.active"], (await cluster.First.EventsAsync()).Select(e => e.Kind).TakeLast(3));
        await using var own = cluster.Open(name, identity);
        await own.PutNodeAnswersAsync("newer");
        Assert.False(await cluster.First.ActivateAsync(1, node.Number, "system: {time_zone: Europe/Paris}\n"));
        Assert.Equal("newer", await cluster.First.NodeAnswersAsync(node.Number));
        // A member may ask which replicas follow; this server has none.
        Assert.True(await own.ReplicasAsync() is { IsEmpty: true });
        Assert.False(await own.IsOlderAsync());
    }

    [Fact]
    public async Task Many_at_once_stay_in_one_chain()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => (i % 2 == 0 ? cluster.First : node.Registry).AppendEventAsync("note", $"{i}"))
        );
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
    [InlineData(
        "UPDATE gatehouse.events SET detail = 'x', hash = gatehouse.event_hash(previous, number, at, actor, kind, 'x') WHERE number = 3",
        4,
        "does not follow"
    )]
    public async Task Even_a_superuser_is_found_out(string tampering, long broken, string why)
    {
        await using var cluster = await server.NewClusterAsync();
        Assert.StartsWith("GH009", await TestCluster.TryAsync(cluster.Local, tampering), StringComparison.Ordinal);
        await cluster.AdministratorAsync(
            $"ALTER TABLE gatehouse.events DISABLE TRIGGER ALL; {tampering}; ALTER TABLE gatehouse.events ENABLE TRIGGER ALL"
        );
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

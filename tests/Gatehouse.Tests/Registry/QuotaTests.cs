using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>A member that has turned hostile neither fills the registry nor says of itself what would harm the others.</summary>
[Collection("registry")]
public sealed class QuotaTests(RegistryServer server)
{
    private const string Refused = "GH009";
    private const string Invalid = "23514";

    [Fact]
    public async Task A_node_writes_so_many_events_an_hour_and_the_others_are_not_kept_from_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        Assert.Equal("", await TryAsync(hostile.Registry, "SELECT gatehouse.append_event('note', 'x') FROM generate_series(1, 1000)"));
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.append_event('note', 'x')"));
        var e = await FailureAsync(RegistryFailure.NotAllowed, () => hostile.Registry.AppendEventAsync("note", "x"));
        Assert.Contains(
            $"{hostile.Name} has reached the limit of what a node may write within an hour (event: 1000 times",
            e.Message,
            StringComparison.Ordinal
        );
        await other.Registry.AppendEventAsync("note", "x");
        await cluster.AdministratorAsync($"UPDATE gatehouse.spent SET since = since - interval '61 minutes' WHERE node = {hostile.Number}");
        await hostile.Registry.AppendEventAsync("note", "x");
    }

    [Fact]
    public async Task A_node_writes_a_megabyte_of_events_an_hour()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(
            "",
            await TryAsync(hostile.Registry, "SELECT gatehouse.append_event('note', repeat('x', 8192)) FROM generate_series(1, 128)")
        );
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.append_event('note', 'x')"));
    }

    [Fact]
    public async Task A_node_gives_so_many_orders_an_hour_and_none_that_stands_for_ever()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(
            Refused,
            await TryAsync(hostile.Registry, "SELECT gatehouse.issue_command('reload', '{}', '{}', now() + interval '8 days')")
        );
        Assert.Equal(
            "",
            await TryAsync(hostile.Registry, "SELECT gatehouse.issue_command('reload', '{}', '{}', now()) FROM generate_series(1, 600)")
        );
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.issue_command('reload', '{}', '{}', now())"));
        // However often a node is named, an order names it once.
        Assert.Equal(
            "",
            await TryAsync(
                cluster.First,
                "SELECT gatehouse.issue_command('reload', '{}', array_fill(1, ARRAY[1000]), now() + interval '1 minute')"
            )
        );
        Assert.Equal([1], (await cluster.First.PendingCommandsAsync(1))[^1].Nodes.AsEnumerable());
    }

    [Fact]
    public async Task Old_orders_are_forgotten()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.First.IssueCommandAsync("reload", "{}", [], DateTimeOffset.UtcNow);
        await cluster.First.RecordCommandResultAsync(1, CommandState.Done, "");
        await cluster.AdministratorAsync("UPDATE gatehouse.commands SET deadline = now() - interval '91 days'");
        Assert.Equal(2, await cluster.First.IssueCommandAsync("reload", "{}", [], DateTimeOffset.UtcNow));
        Assert.Empty(await cluster.First.CommandResultsAsync(1));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.18")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("ff02::12")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task A_node_sends_the_others_to_no_address_of_their_own(string address)
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(Refused, await TryAsync(hostile.Registry, $"SELECT gatehouse.move_self('{address}', 1028, '')"));
        Assert.Equal(Refused, await TryAsync(hostile.Registry, $"SELECT gatehouse.set_sync_place('{address}', 22)"));
    }

    [Fact]
    public async Task A_node_moves_to_no_address_of_another_and_not_all_the_time()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await FailureAsync(RegistryFailure.AddressTaken, () => hostile.Registry.MoveSelfAsync(Place(1)));
        Assert.Equal(
            "",
            await TryAsync(
                hostile.Registry,
                "SELECT gatehouse.move_self(('198.51.100.' || i)::inet, 1028, '') FROM generate_series(1, 120) i"
            )
        );
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.move_self('192.0.2.200', 1028, '')"));
        Assert.Equal(120L, await cluster.AdministratorAsync("SELECT count(*) FROM gatehouse.events WHERE kind = 'node.moved'"));
    }

    [Fact]
    public async Task What_a_node_says_of_itself_moves_nobodys_cursor()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(Invalid, await TryAsync(hostile.Registry, @"SELECT gatehouse.move_self('192.0.2.10', 1028, E'Cellar\x1b[2J')"));
        Assert.Equal(Invalid, await TryAsync(hostile.Registry, @"SELECT gatehouse.heartbeat_self(E'1.0\x1b[2J', 1, '{}')"));
        Assert.Equal(Invalid, await TryAsync(hostile.Registry, "SELECT gatehouse.heartbeat_self('1.0', 1, '[1]')"));
        Assert.Equal(Invalid, await TryAsync(hostile.Registry, "SELECT gatehouse.heartbeat_self('1.0', -1, '{}')"));
    }

    [Fact]
    public async Task A_node_without_the_registry_has_no_vote_about_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var e = await FailureAsync(RegistryFailure.NotAllowed, () => hostile.Registry.SetVoteAsync(true));
        Assert.Contains("does not hold the registry, so it has no vote", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_still_joining_or_leaves_proposes_no_settings()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        foreach (var state in new[] { "joining", "leaving" })
        {
            await cluster.AdministratorAsync($"UPDATE gatehouse.nodes SET state = '{state}' WHERE number = {hostile.Number}");
            await FailureAsync(RegistryFailure.NotAllowed, () => hostile.Registry.ProposeSettingsAsync(1, "answers"));
        }
    }
}

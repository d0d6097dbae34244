using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Gatehouse.Tests.Support;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>Commands, secrets, notices and locks: what members work with.</summary>
[Collection("registry")]
public sealed class WorkTests(RegistryServer server)
{
    private static readonly DateTimeOffset Later = DateTimeOffset.UtcNow.AddMinutes(5);

    [Fact]
    public async Task Commands_reach_whom_they_are_for_in_order_and_once()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(1, await node.Registry.IssueCommandAsync("reload", """{"unit": "exim4"}""", [], Later));
        Assert.Equal(2, await cluster.First.IssueCommandAsync("flush-queue", "{}", [2], Later));
        Assert.Equal([1, 2], (await node.Registry.PendingCommandsAsync(2)).Select(c => c.Number));
        var first = Assert.Single(await cluster.First.PendingCommandsAsync(1));
        Assert.Equal(("reload", """{"unit": "exim4"}""", node.Name), (first.Kind, first.Arguments, first.By));
        Assert.Equal([1, 2], first.Nodes.AsEnumerable());
        Assert.True(await node.Registry.RecordCommandResultAsync(1, CommandState.Failed, "no such unit"));
        Assert.False(await node.Registry.RecordCommandResultAsync(1, CommandState.Done, ""));
        Assert.Equal([2], (await node.Registry.PendingCommandsAsync(2)).Select(c => c.Number));
        var result = Assert.Single(await cluster.First.CommandResultsAsync(1));
        Assert.Equal((2, CommandState.Failed, "no such unit"), (result.Node, result.State, result.Output));
        await FailureAsync(RegistryFailure.NotFound, () => cluster.First.RecordCommandResultAsync(2, CommandState.Done, ""));
        await FailureAsync(RegistryFailure.NotFound, () => cluster.First.IssueCommandAsync("reload", "{}", [9], Later));
        await FailureAsync(RegistryFailure.Invalid, () => cluster.First.IssueCommandAsync("rm -rf", "{}", [], Later));
        await FailureAsync(RegistryFailure.Invalid, () => cluster.First.IssueCommandAsync("reload", "not json", [], Later));
    }

    [Fact]
    public async Task Commands_of_many_at_once_get_numbers_without_gaps()
    {
        await using var cluster = await server.NewClusterAsync();
        var numbers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cluster.First.IssueCommandAsync("verify", "{}", [], Later)));
        Assert.Equal(Enumerable.Range(1, 20).Select(n => (long)n), numbers.Order());
    }

    [Fact]
    public async Task Secrets_are_put_and_replaced()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10, "web");
        await node.Registry.PutSecretAsync(new("web.password", "k1", "sealed text"));
        await cluster.First.PutSecretAsync(new("web.password", "k2", "sealed anew"));
        Assert.Equal(new SealedSecret("web.password", "k2", "sealed anew"), await node.Registry.SecretAsync("web.password"));
        Assert.Single(await node.Registry.SecretsAsync());
        Assert.Null(await node.Registry.SecretAsync("other"));
        Assert.DoesNotContain(await cluster.First.EventsAsync(), e => e.Detail.Contains("sealed text", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_moved_is_known_by_both_addresses_for_a_day()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        Assert.Null(Moved(await node.Registry.ViewAsync()).Former);
        await node.Registry.MoveSelfAsync(Place(50));
        await node.Registry.MoveSelfAsync(Place(50) with { Location = "Cellar" });
        var moved = Moved(await node.Registry.ViewAsync());
        Assert.Equal((Place(50).Address, Place(10).Address), (moved.Address, moved.Former));
        // The issuer can say the same for a node that does not reach the registry.
        await cluster.First.MoveNodeAsync(1, moved.Number, Place(51));
        Assert.Equal(Place(50).Address, Moved(await node.Registry.ViewAsync()).Former);
        await using (var old = cluster.Local.Source.CreateCommand("UPDATE gatehouse.nodes SET moved = moved - interval '25 hours'"))
            await old.ExecuteNonQueryAsync();
        Assert.Null(Moved(await node.Registry.ViewAsync()).Former);

        ClusterNode Moved(ClusterView view) => view.Nodes.Single(n => n.Name == cluster.NameOf("mx1"));
    }

    [Fact]
    public async Task Every_change_is_heard_by_a_word_and_heartbeats_are_not()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var changes = node.Registry.ChangesAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        await HearAsync("listening");
        await node.Registry.BeatAsync("1", 1, "{}");
        await cluster.First.MoveSelfAsync(Place(40));
        await HearAsync("nodes");
        await cluster.First.ProposeSettingsAsync(1, "answers");
        await HearAsync("settings");
        await cluster.First.IssueCommandAsync("reload", "{}", [], Later);
        await HearAsync("commands");
        await cluster.First.PutRevocationListAsync(1, new(server.Authority.Issuing.Fingerprint, 2, "list"));
        await HearAsync("revocation");
        await cluster.First.PutSecretAsync(new("a", "k1", "b"));
        await HearAsync("secrets");

        async Task HearAsync(string word)
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.Equal(word, changes.Current);
        }
    }

    [Fact]
    public async Task A_listener_is_told_when_its_connection_breaks()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await using var changes = node.Registry.ChangesAsync().GetAsyncEnumerator();
        await changes.MoveNextAsync();
        var next = changes.MoveNextAsync().AsTask();
        await cluster.AdministratorAsync($"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '{node.Name}'");
        await FailureAsync(RegistryFailure.Unreachable, () => next.WaitAsync(TimeSpan.FromSeconds(20)));
        await node.Registry.ViewAsync();
    }

    [Fact]
    public async Task Who_listens_to_a_registry_that_is_closed_comes_to_an_end_and_keeps_no_connection()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await using var changes = node.Registry.ChangesAsync().GetAsyncEnumerator();
        await changes.MoveNextAsync();
        var next = changes.MoveNextAsync().AsTask();
        await node.Registry.DisposeAsync();
        Assert.False(await next.WaitAsync(TimeSpan.FromSeconds(20)));
        await Patience.UntilAsync(async () =>
            await cluster.AdministratorAsync($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{node.Name}'") is 0L
        );
    }

    [Fact]
    public async Task A_sequence_is_run_by_one_at_a_time_and_the_other_learns_by_whom()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await using (var held = await cluster.First.LockAsync(ClusterSequence.Promote))
        {
            var e = await FailureAsync(RegistryFailure.Locked, () => node.Registry.LockAsync(ClusterSequence.Promote));
            Assert.Contains(
                $"promote is being run by {cluster.FirstName} (127.0.0.1, connected since",
                e.Message,
                StringComparison.Ordinal
            );
            await using var other = await node.Registry.LockAsync(ClusterSequence.Upgrade);
            Assert.True(await held.IsHeldAsync());
        }

        await using var now = await node.Registry.LockAsync(ClusterSequence.Promote);
        await cluster.AdministratorAsync($"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '{node.Name}'");
        Assert.False(await now.IsHeldAsync());
        await using var free = await cluster.First.LockAsync(ClusterSequence.Promote);
    }
}

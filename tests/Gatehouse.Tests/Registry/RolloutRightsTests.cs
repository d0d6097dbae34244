using Gatehouse.Cluster.Following;
using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>A version of the settings moves on by what members reported, not by what a hostile member calls for.</summary>
[Collection("registry")]
public sealed class RolloutRightsTests(RegistryServer server)
{
    private const string Refused = "GH009";

    [Fact]
    public async Task A_version_that_its_author_did_not_verify_is_not_followed()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await hostile.Registry.ProposeSettingsAsync(1, "answers");
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.mark_settings(2, 'trying', 'following', '')"));
        await hostile.Registry.RecordSettingsResultAsync(2, false, "exim", 1);
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.mark_settings(2, 'trying', 'following', '')"));
        // The issuer does not vouch for it either.
        await cluster.First.RecordSettingsResultAsync(2, true, "", 1);
        Assert.Equal(Refused, await TryAsync(cluster.First, "SELECT gatehouse.mark_settings(2, 'trying', 'following', '')"));
        await hostile.Registry.RecordSettingsResultAsync(2, true, "", 2);
        Assert.Equal("", await TryAsync(hostile.Registry, "SELECT gatehouse.mark_settings(2, 'trying', 'following', '')"));
    }

    [Fact]
    public async Task The_issuer_may_withdraw_a_version_and_another_member_needs_a_failure()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await cluster.First.ProposeSettingsAsync(1, "answers");
        await cluster.First.RecordSettingsResultAsync(2, true, "", 2);
        await cluster.First.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Following);
        Assert.Equal(Refused, await TryAsync(hostile.Registry, "SELECT gatehouse.mark_settings(2, 'following', 'withdrawn', '')"));
        Assert.True(await cluster.First.MarkSettingsAsync(2, SettingsState.Following, SettingsState.Withdrawn, new string('x', 100_000)));
        Assert.Equal(65536, (await cluster.First.SettingsAsync(2))!.Note.Length);
    }

    [Fact]
    public async Task A_node_reports_versions_that_exist()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var e = await FailureAsync(RegistryFailure.NotFound, () => hostile.Registry.RecordSettingsResultAsync(1, true, "", 99));
        Assert.Contains("there is no settings version 99", e.Message, StringComparison.Ordinal);
        Assert.Equal("23514", await TryAsync(hostile.Registry, "SELECT gatehouse.record_settings_result(1, true, repeat('x', 70000), 1)"));
        await hostile.Registry.RecordSettingsResultAsync(1, true, "", 0);
    }

    [Fact]
    public async Task The_registry_allows_what_a_rollout_decides_and_nothing_else()
    {
        await using var cluster = await server.NewClusterAsync();
        var author = await cluster.JoinAsync("mx1", 10);
        var other = await cluster.JoinAsync("mx2", 11);
        await author.Registry.ProposeSettingsAsync(1, "answers");
        await author.Registry.RecordSettingsResultAsync(2, true, "", 2);
        await author.Registry.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Following);
        var decided = new HashSet<SettingsState>();
        foreach (
            var (state, age, result, authorFailed) in from state in new[] { "active", "joining", "leaving" }
            from age in new[] { "NULL", "now() - interval '10 seconds'", "now() - interval '60 seconds'" }
            from result in new[] { "", "true", "false" }
            from authorFailed in new[] { false, true }
            select (state, age, result, authorFailed)
        )
        {
            await cluster.AdministratorAsync(
                $"UPDATE gatehouse.settings SET state = 'following' WHERE number = 2; UPDATE gatehouse.nodes SET state = '{state}' WHERE "
                    + $"number = {other.Number}; UPDATE gatehouse.heartbeats SET at = {age} WHERE node = {other.Number}"
            );
            await cluster.AdministratorAsync(
                $"DELETE FROM gatehouse.settings_results WHERE version = 2 AND node <> {author.Number}; UPDATE gatehouse.settings_results "
                    + $"SET applied = {!authorFailed} WHERE version = 2"
            );
            if (result.Length > 0)
                await cluster.AdministratorAsync(
                    $"INSERT INTO gatehouse.settings_results (node, version, applied, message) VALUES ({other.Number}, 2, {result}, 'why')"
                );
            var view = await author.Registry.ViewAsync();
            var absent = view
                .Members.Where(n => n.LastSeen is not { } seen || view.Taken - seen > Timeouts.Absence)
                .Select(n => n.Number)
                .ToHashSet();
            var decision = Rollout
                .Decide((await author.Registry.SettingsAsync(2))!, view.Nodes, await author.Registry.SettingsResultsAsync(2), absent)
                .State;
            decided.Add(decision);
            foreach (var hostile in new[] { SettingsState.Good, SettingsState.Withdrawn }.Where(s => s != decision))
                Assert.True(
                    await TryAsync(
                        author.Registry,
                        $"SELECT gatehouse.mark_settings(2, 'following', '{hostile.ToString().ToLowerInvariant()}', '')"
                    ) == Refused,
                    $"{hostile} instead of {decision}: {state}, {age}, '{result}', {authorFailed}"
                );
            await FollowSequence.DecideAsync(author.Registry, view, CancellationToken.None);
            Assert.Equal(decision, (await author.Registry.SettingsAsync(2))!.State);
        }

        Assert.Equal([SettingsState.Following, SettingsState.Good, SettingsState.Withdrawn], decided.Order());
    }

    [Fact]
    public async Task A_decision_that_was_overtaken_is_made_again_later()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await cluster.First.ProposeSettingsAsync(1, "answers");
        await cluster.First.RecordSettingsResultAsync(2, true, "", 2);
        await cluster.First.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Following);
        var before = await cluster.First.ViewAsync();
        await node.Registry.BeatAsync("1", 1, "{}");
        // By the older view the version is good: the other node was never heard of.
        await FollowSequence.DecideAsync(cluster.First, before, CancellationToken.None);
        Assert.Equal(SettingsState.Following, (await cluster.First.SettingsAsync(2))!.State);
        await node.Registry.RecordSettingsResultAsync(2, true, "", 2);
        await FollowSequence.DecideAsync(cluster.First, await cluster.First.ViewAsync(), CancellationToken.None);
        Assert.Equal(SettingsState.Good, (await cluster.First.SettingsAsync(2))!.State);
    }
}

using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class SettingsTests(RegistryServer server)
{
    [Fact]
    public async Task A_version_goes_from_one_node_to_all()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(2, await node.Registry.ProposeSettingsAsync(1, "version: 1\nmta: {}\n"));
        Assert.Equal(1, (await cluster.First.ViewAsync()).WantedSettings);
        await node.Registry.RecordSettingsResultAsync(2, true, "", 2);
        Assert.Equal(SettingsState.Following, (await DecideAsync()).State);
        Assert.True(await node.Registry.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Following));
        Assert.False(await node.Registry.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Following));
        Assert.Equal(2, (await cluster.First.ViewAsync()).WantedSettings);
        Assert.Equal([1], (await DecideAsync()).Awaited.AsEnumerable());
        await cluster.First.RecordSettingsResultAsync(2, true, "", 2);
        Assert.Equal(SettingsState.Good, (await DecideAsync()).State);
        Assert.True(await cluster.First.MarkSettingsAsync(2, SettingsState.Following, SettingsState.Good));
        Assert.All((await cluster.First.ViewAsync()).Nodes, n => Assert.Equal(2, n.SettingsVersion));
        Assert.Equal([2, 1], (await cluster.First.SettingsHistoryAsync()).Select(v => v.Number));

        async Task<RolloutDecision> DecideAsync() =>
            Rollout.Decide(
                (await cluster.First.SettingsAsync(2))!,
                (await cluster.First.ViewAsync()).Nodes,
                await cluster.First.SettingsResultsAsync(2),
                new HashSet<int>()
            );
    }

    [Fact]
    public async Task The_largest_table_of_domains_arrives_byte_for_byte()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var answers =
            "version: 1\nmta:\n  domains:\n"
            + string.Concat(
                Enumerable
                    .Range(0, 10_000)
                    .Select(i =>
                        $"    - domain: {new string('x', 60)}{i:D4}.example.org\n      destination: "
                        + $"{new string('y', 60)}.example.net:2525\n"
                    )
            );
        await cluster.First.ProposeSettingsAsync(1, answers);
        Assert.Equal(answers, (await node.Registry.SettingsAsync(2))!.Answers);
    }

    [Fact]
    public async Task A_failure_withdraws_and_the_next_is_made_from_the_last_good_one()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.First.ProposeSettingsAsync(1, "bad");
        await cluster.First.RecordSettingsResultAsync(2, false, "exim: unknown option\0" + new string('x', 70000) + "the end", 1);
        Assert.EndsWith("the end", (await cluster.First.SettingsResultsAsync(2)).Single().Message, StringComparison.Ordinal);
        Assert.True(await cluster.First.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Withdrawn, "exim: unknown option"));
        Assert.Equal("exim: unknown option", (await cluster.First.SettingsAsync(2))!.Note);
        Assert.Equal(1, (await cluster.First.ViewAsync()).WantedSettings);
        Assert.Equal(3, await cluster.First.ProposeSettingsAsync(1, "better"));
    }

    [Fact]
    public async Task Of_two_proposals_at_once_one_is_told_of_the_other()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var outcomes = await Task.WhenAll(ProposeAsync(cluster.First), ProposeAsync(node.Registry));
        Assert.Single(outcomes, o => o == "2");
        var conflict = Assert.Single(outcomes, o => o != "2");
        Assert.Matches($"version 2 by ({cluster.FirstName}|{node.Name}) on 20", conflict);

        static async Task<string> ProposeAsync(ClusterRegistry registry)
        {
            try
            {
                return $"{await registry.ProposeSettingsAsync(1, "answers")}";
            }
            catch (RegistryException e) when (e.Failure == RegistryFailure.Conflict)
            {
                return e.Message;
            }
        }
    }

    [Fact]
    public async Task One_change_at_a_time_and_by_the_rules()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await cluster.First.ProposeSettingsAsync(1, "answers");
        var e = await FailureAsync(RegistryFailure.Conflict, () => node.Registry.ProposeSettingsAsync(2, "more"));
        Assert.Contains("still on its way", e.Message, StringComparison.Ordinal);
        await FailureAsync(
            RegistryFailure.NotAllowed,
            () => node.Registry.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Withdrawn)
        );
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.MarkSettingsAsync(2, SettingsState.Trying, SettingsState.Good));
        await FailureAsync(
            RegistryFailure.NotAllowed,
            () => cluster.First.MarkSettingsAsync(1, SettingsState.Good, SettingsState.Withdrawn)
        );
        await FailureAsync(
            RegistryFailure.NotFound,
            () => cluster.First.MarkSettingsAsync(9, SettingsState.Trying, SettingsState.Following)
        );
        await FailureAsync(RegistryFailure.NotFound, () => cluster.First.RecordSettingsResultAsync(9, true, "", 9));
        Assert.Null(await cluster.First.SettingsAsync(9));
        await FailureAsync(RegistryFailure.NotAMember, () => cluster.Local.ProposeSettingsAsync(1, "answers"));
    }
}

using System.Net;
using Gatehouse.Core.Clusters;
using Xunit;

namespace Gatehouse.Tests.Core.Clusters;

public sealed class RolloutTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly HashSet<int> Nobody = [];

    [Fact]
    public void A_version_is_tried_on_its_author_first()
    {
        var waits = Rollout.Decide(Version(SettingsState.Trying, author: 2), Nodes(3), [], Nobody);
        Assert.Equal(SettingsState.Trying, waits.State);
        Assert.Equal([2], waits.Awaited.AsEnumerable());
        Assert.Equal(
            SettingsState.Trying,
            Rollout.Decide(Version(SettingsState.Trying, author: 2), Nodes(3), [Applied(1), Applied(3)], Nobody).State
        );
        Assert.Equal(
            SettingsState.Following,
            Rollout.Decide(Version(SettingsState.Trying, author: 2), Nodes(3), [Applied(2)], Nobody).State
        );
    }

    [Fact]
    public void A_failure_on_the_author_or_its_absence_withdraws()
    {
        var failed = Rollout.Decide(Version(SettingsState.Trying), Nodes(3), [Failed(1)], Nobody);
        Assert.Equal((SettingsState.Withdrawn, "failed on n1.example.org: broken"), (failed.State, failed.Reason));
        Assert.Equal(SettingsState.Withdrawn, Rollout.Decide(Version(SettingsState.Trying), Nodes(3), [], new HashSet<int> { 1 }).State);
    }

    [Fact]
    public void It_is_good_when_everybody_present_has_it()
    {
        var version = Version(SettingsState.Following);
        var waits = Rollout.Decide(version, Nodes(4), [Applied(1)], new HashSet<int> { 4 });
        Assert.Equal((SettingsState.Following, "1 of 4 nodes have it"), (waits.State, waits.Reason));
        Assert.Equal([2, 3], waits.Awaited.AsEnumerable());
        var good = Rollout.Decide(version, Nodes(4), [Applied(1), Applied(2), Applied(3)], new HashSet<int> { 4 });
        Assert.Equal((SettingsState.Good, "absent, to catch up later: n4.example.org"), (good.State, good.Reason));
    }

    [Fact]
    public void A_failure_anywhere_withdraws_even_if_others_are_awaited_and_names_all_who_failed()
    {
        var withdrawn = Rollout.Decide(
            Version(SettingsState.Following),
            Nodes(4),
            [Applied(1), Failed(2), Failed(4)],
            new HashSet<int> { 4 }
        );
        Assert.Equal(SettingsState.Withdrawn, withdrawn.State);
        Assert.Equal("failed on n2.example.org: broken\nfailed on n4.example.org: broken", withdrawn.Reason);
    }

    [Fact]
    public void Nodes_that_come_or_go_are_not_waited_for()
    {
        var nodes = Nodes(3)
            .Select(n =>
                n.Number switch
                {
                    2 => n with { State = NodeState.Joining },
                    3 => n with { State = NodeState.Leaving },
                    _ => n,
                }
            );
        Assert.Equal(SettingsState.Good, Rollout.Decide(Version(SettingsState.Following), nodes, [Applied(1), Failed(3)], Nobody).State);
    }

    [Fact]
    public void What_is_settled_stays_and_results_of_other_versions_do_not_count()
    {
        Assert.Equal(SettingsState.Good, Rollout.Decide(Version(SettingsState.Good), Nodes(2), [Failed(1)], Nobody).State);
        Assert.Equal(SettingsState.Withdrawn, Rollout.Decide(Version(SettingsState.Withdrawn), Nodes(2), [Applied(1)], Nobody).State);
        Assert.Equal(
            SettingsState.Trying,
            Rollout.Decide(Version(SettingsState.Trying), Nodes(2), [Applied(1) with { Version = 4 }], Nobody).State
        );
    }

    [Fact]
    public void A_node_wants_what_it_tries_itself_or_the_newest_for_all()
    {
        SettingsVersion[] versions =
        [
            Of(1, SettingsState.Good),
            Of(2, SettingsState.Good),
            Of(3, SettingsState.Withdrawn),
            Of(4, SettingsState.Trying),
        ];
        Assert.Equal(4, Rollout.Wanted(1, versions)!.Number);
        Assert.Equal(2, Rollout.Wanted(2, versions)!.Number);
        Assert.Equal(5, Rollout.Wanted(2, versions.Append(Of(5, SettingsState.Following)))!.Number);
        Assert.Null(Rollout.Wanted(1, []));

        static SettingsVersion Of(long number, SettingsState state) => Version(state) with { Number = number };
    }

    private static SettingsVersion Version(SettingsState state, int author = 1) => new(5, 4, "", state, author, Now, "");

    private static SettingsResult Applied(int node) => new(node, 5, true, "", Now);

    private static SettingsResult Failed(int node) => new(node, 5, false, "broken", Now);

    private static ClusterNode[] Nodes(int count) =>
        [
            .. Enumerable
                .Range(1, count)
                .Select(n => new ClusterNode
                {
                    Number = n,
                    Name = $"n{n}.example.org",
                    Address = IPAddress.Parse($"192.0.2.{n}"),
                    Port = 1028,
                    Profile = "mail",
                    Location = "",
                    State = NodeState.Active,
                    Release = "",
                    SettingsVersion = 4,
                    CertificateExpires = null,
                    Joined = Now,
                    LastSeen = null,
                }),
        ];
}

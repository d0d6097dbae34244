using Gatehouse.Cluster.Quorum;
using Gatehouse.Core.Clusters;
using Xunit;

namespace Gatehouse.Tests.Clusters;

/// <summary>A replica of the registry that does not follow is seen, and copied anew: not too early, not for ever, and never the only data
/// there is.</summary>
public sealed class ReplicaTests
{
    private const string Me = "n2.example.org";
    private static readonly DateTimeOffset Now = SampleView.Now;
    private static readonly DatabaseCopy Primary = new("n1.example.org", true, false, true, false, "running");
    private static readonly DatabaseCopy Own = new(Me, false, false, true, false, "running");
    private static readonly ReplicaTrouble Old = new(Now - ReplicaRules.Grace, 0, null);

    [Fact]
    public void Status_names_the_node_whose_replica_does_not_follow()
    {
        var view = SampleView.Make();
        var lost = ReplicaRules.Judge(view, [], "192.0.2.1");
        Assert.Equal([3], lost.Keys);
        Assert.False(lost[3].Follows);
        Assert.Contains("'gatehouse sync'", lost[3].Problem, StringComparison.Ordinal);
        Assert.Equal(new ReplicaState(true, 1000, ""), ReplicaRules.Judge(view, [new Replica("db3.example.org", 1000)], "192.0.2.1")[3]);
        Assert.Equal(
            "its replica of the registry is 384 MB behind the primary",
            ReplicaRules.Judge(view, [new Replica("db3.example.org", 384 << 20)], "192.0.2.1")[3].Problem
        );
        // After a failover it is the other one.
        Assert.Equal([1], ReplicaRules.Judge(view, [], "192.0.2.3").Keys);
        Assert.Empty(ReplicaRules.Judge(view, [], "198.51.100.1"));
        Assert.Empty(ReplicaRules.Judge(view, [], null));
    }

    [Fact]
    public void The_same_name_of_a_node_that_was_removed_counts_for_nothing()
    {
        var view = SampleView.Make();
        view = view with { Nodes = [.. view.Nodes.Select(n => n.Number == 3 ? n with { State = NodeState.Removed } : n)] };
        Assert.Empty(ReplicaRules.Judge(view, [], "192.0.2.1"));
    }

    [Fact]
    public void One_that_follows_is_left_alone_and_nothing_is_remembered() =>
        Assert.Equal(new ReplicaStep(false, null, ""), ReplicaRules.Next([Primary, Own], Me, follows: true, Old, Now, force: true));

    [Fact]
    public void One_that_connects_again_has_time_for_that()
    {
        var first = ReplicaRules.Next([Primary, Own], Me, false, null, Now, false);
        Assert.Equal((false, Now), (first.Copies, first.Trouble!.Since));
        Assert.False(
            ReplicaRules.Next([Primary, Own], Me, false, first.Trouble, Now + ReplicaRules.Grace - TimeSpan.FromSeconds(1), false).Copies
        );
        var then = ReplicaRules.Next([Primary, Own], Me, false, first.Trouble, Now + ReplicaRules.Grace, false);
        Assert.Equal(
            (true, 1, Now, (DateTimeOffset?)(Now + ReplicaRules.Grace)),
            (then.Copies, then.Trouble!.Copied, then.Trouble.Since, then.Trouble.Last)
        );
    }

    [Fact]
    public void It_is_tried_a_few_times_and_then_an_administrator_is_asked()
    {
        var (trouble, now, copies) = (Old, Now, 0);
        for (var minute = 0; minute < 24 * 60; minute++, now += TimeSpan.FromMinutes(1))
        {
            var step = ReplicaRules.Next([Primary, Own], Me, false, trouble, now, false);
            trouble = step.Trouble!;
            if (step.Copies)
                copies++;
        }

        Assert.Equal(ReplicaRules.MostCopies, copies);
        Assert.Contains(
            "journalctl -u patroni",
            ReplicaRules.Next([Primary, Own], Me, false, trouble, now, false).Problem,
            StringComparison.Ordinal
        );
        Assert.True(ReplicaRules.Next([Primary, Own], Me, false, trouble, now, force: true).Copies);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_primary_and_the_only_copy_there_is_are_never_removed(bool force)
    {
        Assert.False(ReplicaRules.Next([Own with { IsPrimary = true }], Me, false, Old, Now, force).Copies);
        Assert.False(ReplicaRules.Next([Own with { IsPrimary = true }, Primary], Me, false, Old, Now, force).Copies);
        Assert.False(ReplicaRules.Next([Own], Me, false, Old, Now, force).Copies);
        Assert.False(ReplicaRules.Next([Primary with { IsRunning = false }, Own], Me, false, Old, Now, force).Copies);
        Assert.False(ReplicaRules.Next([Primary with { IsPrimary = false }, Own], Me, false, Old, Now, force).Copies);
        Assert.False(ReplicaRules.Next([Primary], Me, false, Old, Now, force).Copies);
        Assert.False(
            ReplicaRules.Next([Primary, Own with { IsRunning = false, State = "creating replica" }], Me, false, Old, Now, force).Copies
        );
    }

    [Theory]
    [InlineData("start failed")]
    [InlineData("crashed")]
    [InlineData("stopped")]
    [InlineData("starting")]
    public void One_whose_data_are_damaged_is_copied_anew_as_well(string state) =>
        Assert.True(ReplicaRules.Next([Primary, Own with { IsRunning = false, State = state }], Me, false, Old, Now, false).Copies);

    [Fact]
    public void What_Patroni_says_of_a_copy_is_read()
    {
        var copies = PatroniControl.Read(
            """
            [
              {"Member": "n1.example.org", "Role": "Leader", "State": "running"},
              {"Member": "n2.example.org", "Role": "Replica", "State": "creating replica"}
            ]
            """
        );
        Assert.Equal(["running", "creating replica"], copies.Select(c => c.State));
    }
}

using Gatehouse.Cluster.Leaving;
using Gatehouse.Cluster.Quorum;
using Gatehouse.Core.Clusters;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class QuorumTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 3)]
    [InlineData(4, 3)]
    [InlineData(5, 5)]
    [InlineData(9, 5)]
    public void Votes_are_odd_and_of_the_lowest_numbers(int databases, int votes)
    {
        Assert.Equal(votes, QuorumRules.Votes(databases));
        Assert.Equal(Enumerable.Range(1, votes), QuorumRules.Voters(View(databases)).Select(v => v.Number));
    }

    [Fact]
    public void A_second_database_node_copies_and_has_no_vote()
    {
        Assert.Equal(new QuorumStep(QuorumAct.Nothing), QuorumRules.Next(View(2), 2, [Member(1)], hasSeat: false));
        Assert.Equal(QuorumAct.Nothing, QuorumRules.Next(View(2), 1, [Member(1)], hasSeat: true).Act);
    }

    [Fact]
    public void From_one_to_three_each_new_voter_goes_its_way_by_itself_wherever_it_was_cut_off()
    {
        var view = View(3);
        Assert.Equal(QuorumAct.Add, QuorumRules.Next(view, 2, [Member(1)], false).Act);
        Assert.Equal(QuorumAct.Start, QuorumRules.Next(view, 2, [Member(1), Member(2, vote: false)], false).Act);
        Assert.Equal(QuorumAct.Promote, QuorumRules.Next(view, 2, [Member(1), Member(2, vote: false)], true).Act);
        Assert.Equal(QuorumAct.Wait, QuorumRules.Next(view, 3, [Member(1), Member(2, vote: false)], false).Act);
        Assert.Equal(QuorumAct.Add, QuorumRules.Next(view, 3, [Member(1), Member(2)], false).Act);
        var done = QuorumRules.Next(view, 3, [Member(1), Member(2), Member(3)], true);
        Assert.Equal((QuorumAct.Nothing, "db3.example.org"), (done.Act, done.Member!.Name));
    }

    [Fact]
    public void Who_is_to_have_a_vote_and_has_none_is_known()
    {
        var view = View(4);
        Assert.Equal([1, 2, 3], QuorumRules.Missing(view).Select(n => n.Number));
        Assert.Equal(
            [3],
            QuorumRules
                .Missing(view with { Nodes = [.. view.Nodes.Select(n => n.Number < 3 ? n with { VotesSince = view.Taken } : n)] })
                .Select(n => n.Number)
        );
    }

    [Fact]
    public void Growth_does_not_begin_before_all_who_are_to_vote_are_there()
    {
        var view = View(3);
        view = view with
        {
            Nodes = [.. view.Nodes.Select(n => n.Number == 3 ? n with { LastSeen = view.Taken - TimeSpan.FromMinutes(5) } : n)],
        };
        var waits = QuorumRules.Next(view, 2, [Member(1)], false);
        Assert.Equal((QuorumAct.Wait, "db3.example.org is to have a vote as well, and was not heard of lately"), (waits.Act, waits.Why));
    }

    [Fact]
    public void Who_is_removed_loses_the_vote_and_two_that_are_left_come_back_to_one()
    {
        var view = With(View(3), 1, NodeState.Removed);
        var removed = QuorumRules.Next(view, 3, [Member(1), Member(2), Member(3)], true);
        Assert.Equal((QuorumAct.Remove, "db1.example.org"), (removed.Act, removed.Member!.Name));
        Assert.Equal(QuorumAct.Leave, QuorumRules.Next(view, 3, [Member(2), Member(3)], true).Act);
        Assert.Equal(QuorumAct.Nothing, QuorumRules.Next(view, 2, [Member(2)], true).Act);
        Assert.Equal(QuorumAct.Nothing, QuorumRules.Next(view, 3, [Member(2)], false).Act);
    }

    [Fact]
    public void Who_leaves_hands_the_only_vote_over_first()
    {
        var view = With(View(2), 1, NodeState.Leaving);
        Assert.Equal(QuorumAct.Wait, QuorumRules.Next(view, 1, [Member(1)], true).Act);
        Assert.Equal(QuorumAct.Add, QuorumRules.Next(view, 2, [Member(1)], false).Act);
        Assert.Equal(QuorumAct.Leave, QuorumRules.Next(view, 1, [Member(1), Member(2)], true).Act);
        Assert.Contains(
            "gatehouse leave",
            RemovalRules.Refusal(View(2) with { Cluster = View(2).Cluster with { Issuer = 2 } }, View(2).Node(1)!, null),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_vote_whose_memory_is_lost_is_given_up_and_begun_again()
    {
        var lost = QuorumRules.Next(View(3), 2, [Member(1), Member(2), Member(3)], false);
        Assert.Equal((QuorumAct.Remove, "db2.example.org"), (lost.Act, lost.Member!.Name));
        Assert.Equal(QuorumAct.Leave, QuorumRules.Next(View(2), 2, [Member(1)], hasSeat: true).Act);
    }

    [Fact]
    public void A_seat_is_read_as_it_was_written_and_nothing_else_is()
    {
        var seat = new QuorumSeat(false, ["a.example.org=https://a.example.org:2380", "b.example.org=https://b.example.org:2380"]);
        var read = QuorumSeat.Read(seat.Write())!;
        Assert.Equal((seat.Founds, seat.State), (read.Founds, read.State));
        Assert.Equal(seat.Initial.AsEnumerable(), read.Initial);
        Assert.True(QuorumSeat.Read(QuorumSeat.Founder("a.example.org").Write())!.Founds);
        Assert.Null(QuorumSeat.Read(null));
        Assert.Null(QuorumSeat.Read("new\n"));
        Assert.Null(QuorumSeat.Read("something\nelse\n"));
    }

    [Fact]
    public void Who_takes_writes_restarts_only_after_a_copy_in_sync_took_over()
    {
        var primary = new DatabaseCopy("a", true, false, true, true) { State = "running" };
        var sync = new DatabaseCopy("b", false, true, true, false) { State = "running" };
        Assert.Equal(new DatabaseStep(false), DatabaseRules.Next([primary with { NeedsRestart = false }, sync], "a"));
        Assert.Equal(new DatabaseStep(true), DatabaseRules.Next([primary], "a"));
        Assert.Equal(new DatabaseStep(true, "b"), DatabaseRules.Next([primary, sync], "a"));
        Assert.Equal(new DatabaseStep(true), DatabaseRules.Next([primary, sync with { NeedsRestart = true }], "b"));
        Assert.False(DatabaseRules.Next([primary, sync with { NeedsRestart = true }], "a").Restart);
        Assert.False(DatabaseRules.Next([primary, sync with { IsInSync = false }], "a").Restart);
        Assert.False(DatabaseRules.Next([primary, sync with { IsRunning = false }], "a").Restart);
    }

    [Fact]
    public void Copies_are_read_from_what_patronictl_says()
    {
        const string Said = """
            [{"Cluster": "gatehouse", "Member": "a", "Host": "a", "Role": "Leader", "State": "running", "TL": 2, "Pending restart": "*"},
             {"Cluster": "gatehouse", "Member": "b", "Host": "b", "Role": "Sync Standby", "State": "running", "TL": 2, "Lag in MB": 0},
             {"Cluster": "gatehouse", "Member": "c", "Host": "c", "Role": "Replica", "State": "start failed", "Lag in MB": "unknown"}]
            """;
        Assert.Equal(
            [
                new DatabaseCopy("a", true, false, true, true) { State = "running" },
                new DatabaseCopy("b", false, true, true, false) { State = "running" },
                new DatabaseCopy("c", false, false, false, false) { State = "start failed" },
            ],
            PatroniControl.Read(Said).AsEnumerable()
        );
    }

    private static string Name(int number) => $"db{number}.example.org";

    private static QuorumMember Member(int number, bool vote = true) =>
        new((ulong)number, Name(number), [QuorumSeat.PeerUrl(Name(number))], vote);

    private static ClusterView With(ClusterView view, int number, NodeState state) =>
        view with
        {
            Nodes = [.. view.Nodes.Select(n => n.Number == number ? n with { State = state } : n)],
        };

    private static ClusterView View(int databases)
    {
        var sample = SampleView.Make();
        return sample with
        {
            Nodes =
            [
                .. Enumerable
                    .Range(1, databases)
                    .Select(i => sample.Nodes[0] with { Number = i, Name = Name(i), Profile = "database", LastSeen = sample.Taken }),
                sample.Nodes[1] with
                {
                    Number = 99,
                },
            ],
        };
    }
}

using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>A member of etcd, as etcd knows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">The name of its node; of one that was added and has not started yet, too.</param>
/// <param name="PeerUrls">Where the others reach it.</param>
/// <param name="HasVote">Whether it votes; a new one learns first.</param>
public sealed record QuorumMember(ulong Id, string Name, ImmutableArray<string> PeerUrls, bool HasVote);

/// <summary>What a database node does next about the votes.</summary>
public enum QuorumAct
{
    /// <summary>All is as it should be.</summary>
    Nothing,

    /// <summary>It is another's turn.</summary>
    Wait,

    /// <summary>A member is taken off the list.</summary>
    Remove,

    /// <summary>This node is put on the list.</summary>
    Add,

    /// <summary>This node, which is on the list, starts.</summary>
    Start,

    /// <summary>This node, which has learned all, gets its vote.</summary>
    Promote,

    /// <summary>This node gives its vote back.</summary>
    Leave,
}

/// <summary>The next step, and why.</summary>
/// <param name="Act">What to do.</param>
/// <param name="Member">With whom; the node itself where nothing is to do and it has its vote; null where it is about none.</param>
/// <param name="Why">Why, the end of a sentence; empty where there is nothing to do.</param>
public sealed record QuorumStep(QuorumAct Act, QuorumMember? Member = null, string Why = "");

/// <summary>
/// Which database nodes vote about who takes writes: one as long as there are fewer than three, then three, then five, those of the
/// lowest numbers. An even number of votes stands one loss less than the odd number below it, so it is gone through, and
/// never rested at.
/// </summary>
public static class QuorumRules
{
    /// <summary>How many votes there are to be.</summary>
    /// <param name="databases">The number of database nodes.</param>
    public static int Votes(int databases) =>
        databases < 3 ? 1
        : databases < 5 ? 3
        : 5;

    /// <summary>The nodes that are to have a vote.</summary>
    /// <param name="view">The cluster.</param>
    public static ImmutableArray<ClusterNode> Voters(ClusterView view)
    {
        var databases = view.Databases.Where(n => n.State == NodeState.Active).OrderBy(n => n.Number).ToImmutableArray();
        return [.. databases.Take(Votes(databases.Length))];
    }

    /// <summary>The nodes that are to have a vote and have none yet. Until they have, the registry stands fewer losses than it is
    /// to.</summary>
    /// <param name="view">The cluster.</param>
    public static ImmutableArray<ClusterNode> Missing(ClusterView view) => [.. Voters(view).Where(v => v.VotesSince is null)];

    /// <summary>What a database node does next.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The node's number.</param>
    /// <param name="members">The members of etcd.</param>
    /// <param name="hasSeat">Whether the node knows of a vote of its own.</param>
    public static QuorumStep Next(ClusterView view, int number, IReadOnlyCollection<QuorumMember> members, bool hasSeat)
    {
        var databases = view.Databases.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        if (members.FirstOrDefault(m => !databases.Contains(m.Name)) is { } gone)
            return new QuorumStep(QuorumAct.Remove, gone, "it is no database node of the cluster any more");
        var me = view.Node(number)!;
        var own = members.FirstOrDefault(m => m.Name == me.Name);
        var voters = Voters(view);
        if (own is null)
            return voters.Any(v => v.Number == number)
                ? Join(view, members, voters)
                : new QuorumStep(hasSeat ? QuorumAct.Leave : QuorumAct.Nothing);
        // A vote whose memory is lost would count twice: once for what it said before, once for what it says now.
        if (own.HasVote && !hasSeat)
            return new QuorumStep(QuorumAct.Remove, own, "this host does not know of its vote any more");
        if (!hasSeat)
            return new QuorumStep(QuorumAct.Start, own);
        if (!own.HasVote)
            return new QuorumStep(QuorumAct.Promote, own);
        if (voters.Any(v => v.Number == number))
            return new QuorumStep(QuorumAct.Nothing, own);
        return voters.All(v => members.Any(m => m.HasVote && m.Name == v.Name))
            ? new QuorumStep(QuorumAct.Leave, own, $"{voters.Length} of the database nodes vote")
            : new QuorumStep(QuorumAct.Wait, Why: "those that are to vote do not yet");
    }

    // One after the other, and only when all of them are there to come to an odd number.
    private static QuorumStep Join(ClusterView view, IReadOnlyCollection<QuorumMember> members, ImmutableArray<ClusterNode> voters)
    {
        if (members.FirstOrDefault(m => !m.HasVote) is { } learner)
            return new QuorumStep(QuorumAct.Wait, learner, $"{learner.Name} is getting its vote just now");
        var missing = voters.Where(v => members.All(m => m.Name != v.Name));
        return missing.FirstOrDefault(v => v.LastSeen is not { } seen || view.Taken - seen > Timeouts.VoteAbsence) is { } absent
            ? new QuorumStep(QuorumAct.Wait, Why: $"{absent.Name} is to have a vote as well, and was not heard of lately")
            : new QuorumStep(QuorumAct.Add);
    }
}

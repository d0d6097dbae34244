using Gatehouse.Core.Clusters;

namespace Gatehouse.Cluster.Following;

/// <summary>What a member follows: its own cluster, as long as it belongs to it, and never an earlier state of it than it has
/// seen.</summary>
internal static class FollowRules
{
    /// <summary>Why a state of a cluster is not followed; null when it is.</summary>
    /// <param name="me">This node.</param>
    /// <param name="view">The state.</param>
    /// <param name="source">Where it is from, in words.</param>
    public static string? Refusal(LocalNode me, ClusterView view, string source)
    {
        if (view.Cluster.Id != me.Cluster)
            return $"{source} holds the cluster {view.Cluster.Name} ({view.Cluster.Id}), and this node is of {me.ClusterName} "
                + $"({me.Cluster}). Nothing was changed.";
        if (view.Cluster.Epoch < me.Epoch)
            return $"{source} is at epoch {view.Cluster.Epoch}, and this node has seen {me.Epoch}: it is an old state of the cluster. "
                + $"Nothing was changed.";
        return view.Node(me.Number) is { } node && node.State != NodeState.Removed && node.Name == me.Name ? null : Standing.Removed(me);
    }
}

using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Clusters;

/// <summary>
/// What only members that hold the registry may do, because they have its files anyway: decide who is in the cluster. The registry and
/// the issuer's agent enforce it; here a command learns it before it does anything.
/// </summary>
public static class KeeperRules
{
    /// <summary>Why a member may not make or withdraw join codes, and which members may; null when it may. The registry's function
    /// require_code_maker has the same words.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The member's number.</param>
    public static string? CodeRefusal(ClusterView view, int number) =>
        Refusal(
            view,
            number,
            "may neither make nor withdraw join codes: a code lets a new node into the cluster, so only nodes that hold the registry may"
        );

    /// <summary>Why a member may not remove a node, and which members may; null when it may. Each may take itself out.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The member's number.</param>
    /// <param name="removed">The number of the node to be removed.</param>
    public static string? RemovalRefusal(ClusterView view, int number, int removed) =>
        number == removed ? null : Refusal(view, number, "may not remove other nodes: only nodes that hold the registry may");

    private static string? Refusal(ClusterView view, int number, string what)
    {
        if (view.Node(number) is not { } node || HoldsRegistry(node))
            return null;
        var others = string.Join(
            ", ",
            view.Nodes.Where(n => n.State == NodeState.Active && HoldsRegistry(n)).OrderBy(n => n.Number).Select(n => n.Name)
        );
        return $"{node.Name} has the profile {node.Profile} and {what}. Run this on one of them: "
            + $"{(others.Length == 0 ? "there is none now" : others)}.";
    }

    private static bool HoldsRegistry(ClusterNode node) => Profile.Find(node.Profile)?.Has("database") == true;
}

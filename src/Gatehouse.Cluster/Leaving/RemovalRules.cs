using Gatehouse.Core.Clusters;

namespace Gatehouse.Cluster.Leaving;

/// <summary>Whether a member may be removed.</summary>
internal static class RemovalRules
{
    /// <summary>Why not; null when it may.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="node">The member.</param>
    /// <param name="databaseHost">The address of the host whose database answers now; null when it is not known.</param>
    public static string? Refusal(ClusterView view, ClusterNode node, string? databaseHost)
    {
        if (node.Number == view.Cluster.Issuer)
            return $"{node.Name} is the issuer of the cluster {view.Cluster.Name}. Make another node the issuer first: 'gatehouse "
                + $"promote' there, with the master token.";
        if (node.Address.ToString() == databaseHost)
            return $"the registry's database that answers now is on {node.Name}; without it nobody would know the cluster any more. Move "
                + $"the database to another node first.";
        return QuorumRules.Voters(view) is [var only] && only.Number == node.Number && view.Databases.Any(d => d.Number != node.Number)
            ? $"{node.Name} alone has a vote about which copy of the registry takes writes; 'gatehouse leave' there hands it over before "
                + $"it goes."
            : null;
    }

    /// <summary>Finds the member that a name, or a number, means.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="text">Fully qualified name, host name alone, or number.</param>
    /// <param name="problem">Why there is none; empty otherwise.</param>
    public static ClusterNode? Find(ClusterView view, string text, out string problem)
    {
        problem = "";
        var wanted = text.Trim().TrimEnd('.').ToLowerInvariant();
        ClusterNode[][] ways =
        [
            [.. view.Members.Where(n => n.Name == wanted)],
            [.. view.Nodes.Where(n => wanted == System.FormattableString.Invariant($"{n.Number}"))],
            [.. view.Members.Where(n => n.Name.StartsWith(wanted + ".", StringComparison.Ordinal))],
        ];
        var found = ways.FirstOrDefault(w => w.Length > 0) ?? [];
        if (found.Length == 1)
            return found[0];
        problem =
            found.Length > 1 ? $"'{text}' may be {string.Join(" or ", found.Select(n => n.Name))}; give the whole name."
            : view.Nodes.LastOrDefault(n => n.Name == wanted) is { } gone
                ? $"{gone.Name} (number {gone.Number}) was removed from the cluster. 'gatehouse node show {gone.Number}' tells what is "
                    + $"known of it."
            : $"the cluster {view.Cluster.Name} has no node '{text}'. 'gatehouse node list' shows all.";
        return null;
    }
}

using System.Collections.Immutable;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Cluster.Membership;

/// <summary>Makes a node's record of itself from what the registry says.</summary>
internal static class LocalRecord
{
    /// <summary>The record.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="node">The node.</param>
    /// <param name="settings">The settings version in force.</param>
    /// <param name="followed">The fingerprint of the view that is in force; empty before the first.</param>
    /// <param name="units">The units that are to run.</param>
    public static LocalNode Of(ClusterView view, ClusterNode node, long settings, string followed, ImmutableArray<string> units) =>
        new()
        {
            Cluster = view.Cluster.Id,
            ClusterName = view.Cluster.Name,
            Number = node.Number,
            Name = node.Name,
            Profile = node.Profile,
            Epoch = view.Cluster.Epoch,
            SettingsVersion = settings,
            Followed = followed,
            Units = units,
            // A database node asks itself first; it is nearest.
            DatabaseNames = [.. view.Databases.Select(d => d.Name)],
            Databases = [.. view.Databases.OrderByDescending(d => d.Number == node.Number).Select(d => d.Address.ToString())],
        };
}

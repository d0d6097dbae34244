using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>Everything about a cluster that its members act by, at one moment. It is read in one transaction and never changes.</summary>
public sealed record ClusterView
{
    /// <summary>The cluster.</summary>
    public required Cluster Cluster { get; init; }

    /// <summary>Its nodes by number, the removed ones too.</summary>
    public required ImmutableArray<ClusterNode> Nodes { get; init; }

    /// <summary>The settings version that members are to have: the newest that is good or following.</summary>
    public required long WantedSettings { get; init; }

    /// <summary>The CA certificates that members trust, PEM: one root, two while it is rotated.</summary>
    public required ImmutableArray<string> Roots { get; init; }

    /// <summary>The revocation lists, PEM: one for each CA that has signed.</summary>
    public required ImmutableArray<string> RevocationLists { get; init; }

    /// <summary>When the registry was read.</summary>
    public required DateTimeOffset Taken { get; init; }

    /// <summary>The nodes that are not removed.</summary>
    public IEnumerable<ClusterNode> Members => Nodes.Where(n => n.State != NodeState.Removed);

    /// <summary>The member of this name; null when there is none.</summary>
    public ClusterNode? Member(string name) => Members.FirstOrDefault(n => n.Name == name);

    /// <summary>The node of this number; null when there never was one.</summary>
    public ClusterNode? Node(int number) => Nodes.FirstOrDefault(n => n.Number == number);
}

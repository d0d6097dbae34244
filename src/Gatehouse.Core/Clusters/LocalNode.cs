using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>What a node knows of itself as a member, kept in <see cref="Path"/> for the agent and the commands. Nothing in it is
/// secret.</summary>
public sealed record LocalNode
{
    /// <summary>Where it is kept.</summary>
    public const string Path = "/etc/gatehouse/cluster.json";

    /// <summary>The cluster's id.</summary>
    public required string Cluster { get; init; }

    /// <summary>The cluster's name.</summary>
    public required string ClusterName { get; init; }

    /// <summary>The node's number.</summary>
    public required int Number { get; init; }

    /// <summary>The node's name.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its profile.</summary>
    public required string Profile { get; init; }

    /// <summary>The epoch it last acted by.</summary>
    public required long Epoch { get; init; }

    /// <summary>The settings version in force; 0 before the first.</summary>
    public required long SettingsVersion { get; init; }

    /// <summary>What of the cluster is in force here: <see cref="ClusterView.Fingerprint"/> when it was last followed; empty before
    /// that.</summary>
    public required string Followed { get; init; }

    /// <summary>Whether this host is a member: it was set up as one. Before that, a join is under way.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsMember => Followed.Length > 0;

    /// <summary>The units that are to run on it.</summary>
    public required ImmutableArray<string> Units { get; init; }

    /// <summary>The database nodes, HOST or HOST:PORT, in the order they are tried.</summary>
    public required ImmutableArray<string> Databases { get; init; }

    /// <summary>The names of the database nodes: whose certificate is shown there.</summary>
    public ImmutableArray<string>? DatabaseNames { get; init; }
}

using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Core.Clusters;

/// <summary>A file system and how full it is.</summary>
/// <param name="Path">Where it is mounted.</param>
/// <param name="UsedPercent">0 to 100.</param>
public sealed record PartitionUse(string Path, int UsedPercent);

/// <summary>A unit that belongs to the node's profile, and whether it runs.</summary>
/// <param name="Unit">Its name.</param>
/// <param name="IsActive">Whether systemd calls it active.</param>
public sealed record ServiceState(string Unit, bool IsActive);

/// <summary>What a node says of itself when it is asked.</summary>
public sealed record NodeStatus
{
    /// <summary>Its number.</summary>
    public required int Number { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its profile.</summary>
    public required string Profile { get; init; }

    /// <summary>The release of Gatehouse it runs.</summary>
    public required string Release { get; init; }

    /// <summary>The epoch it acts by.</summary>
    public required long Epoch { get; init; }

    /// <summary>The settings version in force; 0 before the first.</summary>
    public required long SettingsVersion { get; init; }

    /// <summary>Its clock, so that a difference shows.</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>Seconds since it booted.</summary>
    public required long UptimeSeconds { get; init; }

    /// <summary>Load over one minute.</summary>
    public required double Load { get; init; }

    /// <summary>Memory in use, 0 to 100.</summary>
    public required int MemoryPercent { get; init; }

    /// <summary>Its file systems.</summary>
    public required ImmutableArray<PartitionUse> Partitions { get; init; }

    /// <summary>The units of its profile.</summary>
    public required ImmutableArray<ServiceState> Services { get; init; }

    /// <summary>Messages waiting for delivery; null where no mail is handled or nobody could look.</summary>
    public required int? Queue { get; init; }

    /// <summary>When its certificate ends.</summary>
    public required DateTimeOffset CertificateExpires { get; init; }

    /// <summary>Whether it reaches the registry.</summary>
    public required bool ReachesRegistry { get; init; }

    /// <summary>What of the cluster is in force on it, see <see cref="ClusterView.Fingerprint"/>; null from a release that does not
    /// say.</summary>
    public string? Followed { get; init; }

    /// <summary>The numbers of its mail users, by name; null from a release that does not say.</summary>
    public ImmutableSortedDictionary<string, int>? Users { get; init; }

    /// <summary>The members that its hosts file does not name any more; null from a release that does not say.</summary>
    public ImmutableArray<string>? LostNames { get; init; }

    /// <summary>The addresses that its interfaces have, so that it shows where a virtual one is; null from a release that does not
    /// say.</summary>
    public ImmutableArray<IPAddress>? Addresses { get; init; }
}

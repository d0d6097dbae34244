using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Core.Clusters;

/// <summary>How far a node is in its life in the cluster.</summary>
public enum NodeState
{
    /// <summary>It has a certificate, and is not set up yet.</summary>
    Joining,

    /// <summary>A member.</summary>
    Active,

    /// <summary>On its way out.</summary>
    Leaving,

    /// <summary>No member any more; its number is never used again.</summary>
    Removed,
}

/// <summary>A member of a cluster, as the registry knows it.</summary>
public sealed record ClusterNode
{
    /// <summary>The node's number, from 1; never used again after it is removed. It is the cluster id of the mail it quarantines.</summary>
    public required int Number { get; init; }

    /// <summary>Fully qualified host name; unique among the nodes that are not removed.</summary>
    public required string Name { get; init; }

    /// <summary>Where the others reach it.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The port its agent is reached at; another than 1028 only behind a forwarding firewall.</summary>
    public required int Port { get; init; }

    /// <summary>The name of its profile.</summary>
    public required string Profile { get; init; }

    /// <summary>Where it stands; free text, empty when nobody said.</summary>
    public required string Location { get; init; }

    /// <summary>How far it is.</summary>
    public required NodeState State { get; init; }

    /// <summary>The release of Gatehouse it runs; empty before it told.</summary>
    public required string Release { get; init; }

    /// <summary>The settings version in force on it; 0 before the first.</summary>
    public required long SettingsVersion { get; init; }

    /// <summary>When its certificate ends; null when it has none.</summary>
    public required DateTimeOffset? CertificateExpires { get; init; }

    /// <summary>When it joined.</summary>
    public required DateTimeOffset Joined { get; init; }

    /// <summary>Its last heartbeat; null before the first.</summary>
    public required DateTimeOffset? LastSeen { get; init; }

    /// <summary>The address that it had until less than a day ago, from which it may still come; null when it did not move.</summary>
    public IPAddress? Former { get; init; }

    /// <summary>Where its quarantine synchronisation is reached, when that is not its own address.</summary>
    public IPAddress? SyncAddress { get; init; }

    /// <summary>The port that its quarantine synchronisation is reached at; null when it said nothing of that.</summary>
    public int? SyncPort { get; init; }

    /// <summary>SHA-256 of its certificates that are good now, in lower-case hexadecimal, the newest first; null from a release that does
    /// not say.</summary>
    public ImmutableArray<string>? Certificates { get; init; }

    /// <summary>Since when it has had a vote about which copy of the registry takes writes; null when it has none.</summary>
    public DateTimeOffset? VotesSince { get; init; }

    /// <summary>What its peers need to know of it for sharing a quarantine, on one line; empty when it has none.</summary>
    public string SyncText() =>
        Screens.Profile.Find(Profile)?.Has("mail") == true ? $" {SyncAddress} {SyncPort} {string.Join(' ', Certificates ?? [])}" : "";
}

using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>
/// That a node's etcd has a vote about which copy of the registry takes writes, and how it came by it. It is kept on the node:
/// etcd reads it at its first start, and a node that has none runs no etcd.
/// </summary>
/// <param name="Founds">Whether the vote began with this node, and the registry with it; otherwise it was added to those there
/// were.</param>
/// <param name="Initial">The members at that moment, this one among them, NAME=URL each.</param>
public sealed record QuorumSeat(bool Founds, ImmutableArray<string> Initial)
{
    /// <summary>Where a node keeps it.</summary>
    public const string Path = "/var/lib/gatehouse/cluster/pki/quorum";

    /// <summary>The port at which members of etcd talk to each other.</summary>
    public const int PeerPort = 2380;

    /// <summary>The port at which etcd is asked.</summary>
    public const int ClientPort = 2379;

    private const string First = "new";
    private const string Later = "existing";

    /// <summary>The word that etcd has for it.</summary>
    public string State => Founds ? First : Later;

    /// <summary>Where a node's etcd is reached by the others.</summary>
    /// <param name="name">The node's name.</param>
    public static string PeerUrl(string name) => System.FormattableString.Invariant($"https://{name}:{PeerPort}");

    /// <summary>The seat of the node that a cluster begins with.</summary>
    /// <param name="name">The node's name.</param>
    public static QuorumSeat Founder(string name) => new(true, [$"{name}={PeerUrl(name)}"]);

    /// <summary>As it is kept.</summary>
    public string Write() => $"{State}\n{string.Join('\n', Initial)}\n";

    /// <summary>Reads what is kept; null when it is nothing of the kind.</summary>
    /// <param name="text">The text.</param>
    public static QuorumSeat? Read(string? text)
    {
        var lines = text?.Split('\n', System.StringSplitOptions.RemoveEmptyEntries | System.StringSplitOptions.TrimEntries) ?? [];
        return lines is [First or Later, _, ..] ? new QuorumSeat(lines[0] == First, [.. lines[1..]]) : null;
    }
}

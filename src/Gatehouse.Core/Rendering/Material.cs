using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>A private key and its certificate, both PEM.</summary>
public sealed record CertifiedKey(Secret KeyPem, string CertificatePem);

/// <summary>What a member of a cluster has from the cluster's CA. Everything is PEM.</summary>
/// <param name="Node">The node's key, and its certificate followed by that of the issuing CA.</param>
/// <param name="RootsPem">The root certificates that members trust: one, two while the root is rotated.</param>
/// <param name="RevocationListsPem">The revocation lists of every CA in use.</param>
/// <param name="Issuer">Key and certificate of the issuing CA, on the issuer only.</param>
public sealed record ClusterMaterial(CertifiedKey Node, string RootsPem, string RevocationListsPem, CertifiedKey? Issuer)
{
    /// <summary>The cluster's id, as the node's certificate names it.</summary>
    public string ClusterId { get; init; } = "";

    /// <summary>The node's vote about which copy of the registry takes writes; null when it has none.</summary>
    public QuorumSeat? Seat { get; init; }
}

/// <summary>Secrets that are the same on all nodes of a cluster's backend, and on those that use it.</summary>
/// <param name="RedisPassword">The password of the cluster's Redis; null on a node that neither runs nor uses it.</param>
/// <param name="ErlangCookie">What nodes of the message queue know each other by, beside their certificates; null on others.</param>
public sealed record BackendMaterial(Secret? RedisPassword, Secret? ErlangCookie);

/// <summary>
/// Keys, certificates and generated secrets of a node. They are made once, kept on the machine, and handed to the renderer
/// like any other value.
/// </summary>
public sealed record Material
{
    /// <summary>Certificate of mail transfer; null on a node that does none.</summary>
    public required CertifiedKey? Mta { get; init; }

    /// <summary>Certificate of the management web; null on a node that serves none.</summary>
    public required CertifiedKey? Web { get; init; }

    /// <summary>Key that signs mail; null when nothing is signed.</summary>
    public required DkimKey? Dkim { get; init; }

    /// <summary>Password of Redis; null on a node that scans nothing.</summary>
    public required Secret? RedisPassword { get; init; }

    /// <summary>Password between nginx and rspamd's controller; null on a node that scans nothing.</summary>
    public required Secret? ControllerPassword { get; init; }

    /// <summary>The administrator's password when it was generated; null otherwise.</summary>
    public required Secret? WebPassword { get; init; }

    /// <summary>crypt(5) hash of the administrator's password; null on a node that serves no management web.</summary>
    public required Secret? WebPasswordHash { get; init; }

    /// <summary>What the nodes of the backend share; null where the node uses none of it.</summary>
    public BackendMaterial? Backend { get; init; }

    /// <summary>What the cluster's trust gave the node; null when it is no member.</summary>
    public ClusterMaterial? Cluster { get; init; }
}

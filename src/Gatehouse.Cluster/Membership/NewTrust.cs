using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Membership;

/// <summary>The trust of a new cluster: made once, at its bootstrap.</summary>
internal sealed record NewTrust
{
    /// <summary>The cluster's id.</summary>
    public required string ClusterId { get; init; }

    /// <summary>The root's certificate, PEM.</summary>
    public required string Root { get; init; }

    /// <summary>The issuing CA's certificate, PEM.</summary>
    public required string Issuing { get; init; }

    /// <summary>The issuing CA's key, PEM.</summary>
    public required string IssuingKey { get; init; }

    /// <summary>The root's key, sealed with the master token.</summary>
    public required string SealedRootKey { get; init; }

    /// <summary>The first node's key, PEM.</summary>
    public required string NodeKey { get; init; }

    /// <summary>The first node's certificate.</summary>
    public required IssuedCertificate Node { get; init; }

    /// <summary>The first revocation lists, empty: of the root, of the issuing CA.</summary>
    public required (string Root, string Issuing) RevocationLists { get; init; }

    /// <summary>The master token, to be shown once.</summary>
    public required MasterToken MasterToken { get; init; }

    /// <summary>The encryption key.</summary>
    public required EncryptionKey EncryptionKey { get; init; }

    /// <summary>Makes it all.</summary>
    /// <param name="clusterName">The cluster's name.</param>
    /// <param name="nodeName">The first node's name.</param>
    /// <param name="address">Its address.</param>
    /// <param name="now">The time.</param>
    public static NewTrust Make(string clusterName, string nodeName, IPAddress address, DateTimeOffset now)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using ECDsa rootKey = NewKey(),
            issuingKey = NewKey(),
            nodeKey = NewKey();
        using var rootCertificate = CertificateAuthority.MakeRoot(id, clusterName, rootKey, Issuer.NewSerial(), now);
        var root = new CertificateAuthority(rootCertificate, rootKey);
        using var issuingCertificate = root.MakeIssuing(new PublicKey(issuingKey), Issuer.NewSerial(), now);
        var issuing = new CertificateAuthority(issuingCertificate, issuingKey);
        using var node = issuing.MakeNode(
            new NodeIdentity(id, clusterName, 1, nodeName, address, 1),
            new PublicKey(nodeKey),
            Issuer.NewSerial(),
            now
        );
        var token = MasterToken.Make(RandomNumberGenerator.GetBytes(MasterToken.RandomBytes));
        return new NewTrust
        {
            ClusterId = id,
            Root = rootCertificate.ExportCertificatePem() + "\n",
            Issuing = issuingCertificate.ExportCertificatePem() + "\n",
            IssuingKey = issuingKey.ExportPkcs8PrivateKeyPem() + "\n",
            SealedRootKey = SealedKey.Seal(rootKey, id, token, RandomNumberGenerator.GetBytes(SealedKey.RandomBytes)).ToString(),
            NodeKey = nodeKey.ExportPkcs8PrivateKeyPem() + "\n",
            Node = new IssuedCertificate(
                Issuer.SerialOf(node),
                Issuer.HashOf(node.PublicKey),
                $"{node.ExportCertificatePem()}\n{issuingCertificate.ExportCertificatePem()}\n",
                node.NotBefore.ToUniversalTime(),
                node.NotAfter.ToUniversalTime()
            ),
            RevocationLists = (root.MakeRevocationList(1, [], now).Pem, issuing.MakeRevocationList(1, [], now).Pem),
            MasterToken = token,
            EncryptionKey = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes)),
        };
    }

    /// <summary>A fresh key pair.</summary>
    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);
}

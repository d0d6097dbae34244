using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>
/// A CA certificate with its key, ready to sign: the root signs issuing CAs, an issuing CA signs nodes. Everything is P-256
/// with SHA-256 (profile of RFC 5280). The key stays the caller's to dispose of.
/// </summary>
public sealed class CertificateAuthority
{
    /// <summary>How long a root CA certificate lasts, in years.</summary>
    public const int RootYears = 20;

    /// <summary>How long an issuing CA certificate lasts, in years.</summary>
    public const int IssuingYears = 5;

    /// <summary>How long a node certificate lasts.</summary>
    public static readonly TimeSpan NodeLife = TimeSpan.FromDays(90);

    /// <summary>How far everything is dated back, so that it is valid at once where the clock is a little late.</summary>
    public static readonly TimeSpan BackDating = TimeSpan.FromHours(1);

    /// <summary>Extended key usage serverAuth (RFC 5280 section 4.2.1.12).</summary>
    internal const string ServerUse = "1.3.6.1.5.5.7.3.1";

    /// <summary>Extended key usage clientAuth.</summary>
    internal const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa key;

    /// <summary>Brings a CA certificate and its key together.</summary>
    /// <exception cref="TrustException">It is not a CA of a cluster, or the key is not its key.</exception>
    public CertificateAuthority(X509Certificate2 certificate, ECDsa key)
    {
        var urns = AlternativeNames.Of(certificate).Urns;
        if (!IsAuthority(certificate) || urns.Count != 1 || urns[0].Duty != ClusterUrn.Authority)
            throw new TrustException("the certificate is not that of a cluster's CA; take the CA's own certificate.");
        if (!new PublicKey(key).ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
            throw new TrustException(
                $"the key does not belong to the certificate {SubjectName.Of(certificate.SubjectName).Common}; take key and certificate "
                    + $"from the same place."
            );
        Certificate = certificate;
        ClusterId = urns[0].ClusterId;
        ClusterName = SubjectName.Of(certificate.SubjectName).Organisation;
        IsRoot = urns[0].Number == 0;
        this.key = key;
    }

    /// <summary>The CA's certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The cluster's id.</summary>
    public string ClusterId { get; }

    /// <summary>The cluster's name.</summary>
    public string ClusterName { get; }

    /// <summary>Whether it is a root; else it is an issuing CA.</summary>
    public bool IsRoot { get; }

    /// <summary>Makes the certificate of a root CA, signed by itself.</summary>
    /// <param name="clusterId">32 hexadecimal digits.</param>
    /// <param name="clusterName">1 to 64 characters.</param>
    /// <param name="key">Its key pair, P-256.</param>
    /// <param name="serial">Its serial number.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="TrustException">One of them is not as said.</exception>
    public static X509Certificate2 MakeRoot(string clusterId, string clusterName, ECDsa key, SerialNumber serial, DateTimeOffset now)
    {
        if (!ClusterUrn.IsClusterId(clusterId))
            throw new TrustException("a cluster's id has 32 hexadecimal digits, small letters.");
        if (clusterName.Length is 0 or > SubjectName.Longest || clusterName.Any(char.IsControl))
            throw new TrustException($"a cluster's name has 1 to {SubjectName.Longest} characters on one line.");
        var publicKey = P256.Require(new PublicKey(key), "the root CA's key");
        var request = AuthorityRequest(clusterId, clusterName, publicKey, 0);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(KeyIdentifier(publicKey)));
        return request.Create(request.SubjectName, Generator(key), now - BackDating, now.AddYears(RootYears), serial.Bytes());
    }

    /// <summary>Makes the certificate of an issuing CA, signed by this root.</summary>
    /// <param name="issuing">The public key of the issuing CA, P-256.</param>
    /// <param name="serial">Its serial number.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="TrustException">This is no root, or not valid now, or the key is of another kind.</exception>
    public X509Certificate2 MakeIssuing(PublicKey issuing, SerialNumber serial, DateTimeOffset now)
    {
        if (!IsRoot)
            throw new TrustException("an issuing CA is signed by the root CA only.");
        P256.Require(issuing, "the issuing CA's key");
        return Sign(AuthorityRequest(ClusterId, ClusterName, issuing, 1), serial, now, now.AddYears(IssuingYears));
    }

    /// <summary>Makes the certificate of a node, for client and server use, signed by this issuing CA.</summary>
    /// <param name="node">Who it is: from the record of its code or of the registry, never from what it asks for.</param>
    /// <param name="key">Its public key, P-256; see <see cref="SigningRequest"/>.</param>
    /// <param name="serial">Its serial number.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="TrustException">This is no issuing CA, or not valid now; the node is of another cluster; name, number or key is not
    /// fit for a certificate.</exception>
    public X509Certificate2 MakeNode(NodeIdentity node, PublicKey key, SerialNumber serial, DateTimeOffset now)
    {
        if (IsRoot)
            throw new TrustException("nodes are signed by an issuing CA, not by the root CA.");
        if (node.ClusterId != ClusterId)
            throw new TrustException($"{node.Name} is of cluster {node.ClusterId}, and this CA is of cluster {ClusterId}.");
        if (node.ClusterName != ClusterName)
            throw new TrustException($"{node.Name} is of a cluster named {node.ClusterName}, and this CA is of {ClusterName}.");
        if (!Names.TryParse(node.Name, 2, out var name) || name != node.Name)
            throw new TrustException($"'{node.Name}' is not a fully qualified host name in small letters.");
        if (name.Length > NodeIdentity.LongestName)
            throw new TrustException(
                $"{name} has {name.Length} characters; a node's name has at most {NodeIdentity.LongestName}, because it is the name of "
                    + $"its database role too."
            );
        if (node.Number < 1 || node.IssuerEpoch < 0)
            throw new TrustException($"{name} has no node number from 1 up, or an epoch below 0.");
        P256.Require(key, $"the key of {name}");
        return Sign(NodeRequest(node, key), serial, now, now + NodeLife);
    }

    /// <summary>Makes this CA's revocation list; an empty one is needed too, because PostgreSQL and others ask for one of every
    /// CA.</summary>
    /// <param name="number">Larger than that of the list before.</param>
    /// <param name="revoked">All certificates of this CA that are revoked, not only the new ones.</param>
    /// <param name="now">The time.</param>
    public RevocationList MakeRevocationList(long number, IEnumerable<RevokedCertificate> revoked, DateTimeOffset now)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var entry in revoked)
            builder.AddEntry(entry.Serial.Bytes(), entry.Revoked, X509RevocationReason.CessationOfOperation);
        // The list lasts as long as the CA. Members learn of a newer one from the registry; one that ran out while the
        // issuer was away would stop every service that checks it.
        var made = builder.Build(
            Certificate.SubjectName,
            Generator(key),
            number,
            Certificate.NotAfter,
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(SubjectKeyIdentifier(Certificate)),
            now - BackDating
        );
        return RevocationList.Read(made);
    }

    /// <summary>Whether the certificate may sign certificates.</summary>
    internal static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority)
        && certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any();

    private static CertificateRequest AuthorityRequest(string clusterId, string clusterName, PublicKey key, int level)
    {
        var identifier = KeyIdentifier(key);
        var kind = level == 0 ? "root" : "issuing";
        // Part of the key's identifier in the name: two CAs of a cluster, while one follows the other, never share a name.
        var subject = SubjectName.Make(
            $"Gatehouse {kind} CA {Convert.ToHexString(identifier.SubjectKeyIdentifierBytes.Span[..4])}",
            clusterName
        );
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(new ClusterUrn(clusterId, ClusterUrn.Authority, level).ToString()));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1 - level, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(identifier);
        return request;
    }

    private static CertificateRequest NodeRequest(NodeIdentity node, PublicKey key)
    {
        var request = new CertificateRequest(SubjectName.Make(node.Name, node.ClusterName), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(node.Name);
        names.AddDnsName(node.Name[..node.Name.IndexOf('.', StringComparison.Ordinal)]);
        names.AddDnsName("localhost");
        names.AddIpAddress(node.Address);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddUri(new Uri(new ClusterUrn(node.ClusterId, ClusterUrn.Node, node.Number).ToString()));
        if (node.IssuerEpoch is { } epoch)
            names.AddUri(new Uri(new ClusterUrn(node.ClusterId, ClusterUrn.Issuer, epoch).ToString()));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse)], false));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(KeyIdentifier(key));
        return request;
    }

    // Nothing outlives what signed it, and nothing is valid before it.
    private X509Certificate2 Sign(CertificateRequest request, SerialNumber serial, DateTimeOffset now, DateTimeOffset until)
    {
        DateTimeOffset from = Certificate.NotBefore,
            end = Certificate.NotAfter;
        if (now >= end)
            throw new TrustException($"this CA ended on {end.UtcDateTime:yyyy-MM-dd HH:mm} UTC; renew it first.");
        if (now < from)
            throw new TrustException(
                $"this CA is valid from {from.UtcDateTime:yyyy-MM-dd HH:mm} UTC, and here it is {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC; "
                    + $"set the clock right."
            );
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(SubjectKeyIdentifier(Certificate))
        );
        return request.Create(
            Certificate.SubjectName,
            Generator(key),
            Later(now - BackDating, from),
            until < end ? until : end,
            serial.Bytes()
        );
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static X509SignatureGenerator Generator(ECDsa key) => X509SignatureGenerator.CreateForECDsa(key);

    // RFC 7093 section 2, method 1: no SHA-1 anywhere, not even where it would do.
    private static X509SubjectKeyIdentifierExtension KeyIdentifier(PublicKey key) =>
        new(SHA256.HashData(key.EncodedKeyValue.RawData).AsSpan(0, 20), false);

    private static X509SubjectKeyIdentifierExtension SubjectKeyIdentifier(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().First();
}

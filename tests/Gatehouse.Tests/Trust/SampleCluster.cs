using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Trust;

namespace Gatehouse.Tests.Trust;

/// <summary>The CAs of a cluster with fresh keys.</summary>
internal sealed class SampleCluster
{
    public const string Id = "0123456789abcdef0123456789abcdef";
    public const string OtherId = "fedcba9876543210fedcba9876543210";

    /// <summary>The time of the tests.</summary>
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    public SampleCluster(string id = Id, string name = "Example mail", DateTimeOffset? made = null)
    {
        var now = made ?? Now;
        RootKey = Key();
        Root = new CertificateAuthority(CertificateAuthority.MakeRoot(id, name, RootKey, Serial(), now), RootKey);
        Issuing = MakeIssuing(now);
    }

    /// <summary>The root CA's key.</summary>
    public ECDsa RootKey { get; }

    public CertificateAuthority Root { get; }

    public CertificateAuthority Issuing { get; }

    public string RootPem => Root.Certificate.ExportCertificatePem() + "\n";

    /// <summary>Both lists, of given numbers.</summary>
    public string Lists(IEnumerable<SerialNumber>? nodes = null, IEnumerable<SerialNumber>? issuers = null, long number = 1) =>
        Issuing.MakeRevocationList(number, (nodes ?? []).Select(Revoked), Now).Pem
        + Root.MakeRevocationList(number, (issuers ?? []).Select(Revoked), Now).Pem;

    public TrustStore Store(string lists = "") => TrustStore.Read(RootPem, lists);

    public NodeIdentity Node(int number = 2, long? epoch = null) =>
        new(Root.ClusterId, Root.ClusterName, number, $"mx{number}.example.org", IPAddress.Parse($"192.0.2.{number}"), epoch);

    public X509Certificate2 Certificate(NodeIdentity? node = null, DateTimeOffset? made = null)
    {
        using var key = Key();
        return Issuing.MakeNode(node ?? Node(), new PublicKey(key), Serial(), made ?? Now);
    }

    public CertificateAuthority MakeIssuing(DateTimeOffset now)
    {
        var key = Key();
        return new CertificateAuthority(Root.MakeIssuing(new PublicKey(key), Serial(), now), key);
    }

    /// <summary>A judgement with the issuing CA that comes along.</summary>
    public Judgement Judge(
        X509Certificate2 leaf,
        TrustStore? store = null,
        DateTimeOffset? now = null,
        Purpose purpose = Purpose.Client,
        string? host = null
    ) => (store ?? Store()).Judge(leaf, [Issuing.Certificate], now ?? Now, purpose, host);

    public static ECDsa Key() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static SerialNumber Serial() => SerialNumber.Make(RandomNumberGenerator.GetBytes(SerialNumber.RandomBytes));

    private static RevokedCertificate Revoked(SerialNumber serial) => new(serial, Now);
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>What is in the certificates that are made, and what is not made.</summary>
public sealed class CertificateTests
{
    private static readonly DateTimeOffset Now = SampleCluster.Now;
    private readonly SampleCluster cluster = new();

    [Fact]
    public void The_root_lasts_twenty_years_and_signs_one_level()
    {
        var root = cluster.Root.Certificate;
        Assert.Equal((Now.AddHours(-1), Now.AddYears(20)), Life(root));
        var constraints = root.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(constraints is { Critical: true, CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 1 });
        var usage = root.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.True(usage.Critical && usage.KeyUsages == (X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign));
        Assert.Equal(root.Subject, root.Issuer);
        Assert.Matches("^CN=Gatehouse root CA [0-9A-F]{8}, O=Example mail$", root.Subject);
        Assert.Equal("1.2.840.10045.4.3.2", root.SignatureAlgorithm.Value);
        Assert.False(root.HasPrivateKey);
    }

    [Fact]
    public void An_issuing_CA_lasts_five_years_and_signs_no_CA()
    {
        var issuing = cluster.Issuing.Certificate;
        Assert.Equal((Now.AddHours(-1), Now.AddYears(5)), Life(issuing));
        Assert.True(
            issuing.Extensions.OfType<X509BasicConstraintsExtension>().Single()
                is { Critical: true, CertificateAuthority: true, PathLengthConstraint: 0, HasPathLengthConstraint: true }
        );
        Assert.Equal(cluster.Root.Certificate.Subject, issuing.Issuer);
        Assert.Equal(KeyIdentifier(cluster.Root.Certificate), AuthorityIdentifier(issuing));
        Assert.False(cluster.Issuing.IsRoot);
        Assert.Equal((SampleCluster.Id, "Example mail"), (cluster.Issuing.ClusterId, cluster.Issuing.ClusterName));
    }

    [Fact]
    public void A_node_certificate_says_what_its_record_says()
    {
        var node = cluster.Node(7, 3);
        var leaf = cluster.Certificate(node);
        Assert.Equal((Now.AddHours(-1), Now.AddDays(90)), Life(leaf));
        Assert.Equal("CN=mx7.example.org, O=Example mail", leaf.Subject);
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["mx7.example.org", "mx7", "localhost"], names.EnumerateDnsNames());
        Assert.Equal([IPAddress.Parse("192.0.2.7"), IPAddress.Loopback], names.EnumerateIPAddresses());
        Assert.Equal(
            [$"urn:gatehouse:{SampleCluster.Id}:node:7", $"urn:gatehouse:{SampleCluster.Id}:issuer:3"],
            AlternativeNames.Of(leaf).Urns.Select(u => u.ToString())
        );
        Assert.True(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single() is { Critical: true, CertificateAuthority: false });
        Assert.True(
            leaf.Extensions.OfType<X509KeyUsageExtension>().Single() is { Critical: true, KeyUsages: X509KeyUsageFlags.DigitalSignature }
        );
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(o => o.Value)
        );
        Assert.Equal(KeyIdentifier(cluster.Issuing.Certificate), AuthorityIdentifier(leaf));
    }

    [Theory]
    [InlineData("192.0.2.9", null)]
    [InlineData("2001:db8::9", 0L)]
    [InlineData("2001:db8::9", 12L)]
    public void An_identity_comes_back(string address, long? epoch)
    {
        var node = cluster.Node(9, epoch) with { Address = IPAddress.Parse(address) };
        Assert.True(NodeIdentity.TryRead(cluster.Certificate(node), out var read, out _));
        Assert.Equal(node, read);
    }

    [Fact]
    public void A_CA_has_no_identity_of_a_node()
    {
        Assert.False(NodeIdentity.TryRead(cluster.Issuing.Certificate, out _, out var problem));
        Assert.Contains("of a CA", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Serial_numbers_are_positive_and_of_one_length()
    {
        Assert.All(new byte[] { 0, 0x3F, 0x80, 0xFF }, b => Assert.Equal(32, SerialNumber.Make([b, .. new byte[15]]).Hex.Length));
        var leaf = cluster.Certificate();
        Assert.Equal(leaf.SerialNumber, SerialNumber.Of(leaf).Hex);
        Assert.Equal(SerialNumber.Of([0, 0x81, 1]), SerialNumber.Of([0x81, 1]));
    }

    [Fact]
    public void Nothing_outlives_or_precedes_what_signed_it()
    {
        var late = Now.AddYears(17);
        var issuing = cluster.MakeIssuing(late);
        Assert.Equal(Now.AddYears(20), Life(issuing.Certificate).End);
        using var key = SampleCluster.Key();
        var node = issuing.MakeNode(cluster.Node(), new PublicKey(key), SampleCluster.Serial(), Now.AddYears(20).AddDays(-3));
        Assert.Equal(Now.AddYears(20), Life(node).End);
        var early = issuing.MakeNode(cluster.Node(), new PublicKey(key), SampleCluster.Serial(), late.AddMinutes(-30));
        Assert.Equal(late.AddHours(-1), Life(early).From);
    }

    [Fact]
    public void A_CA_that_has_ended_or_not_begun_signs_nothing()
    {
        Assert.Contains(
            "ended on 2031-07-01 12:00 UTC",
            Refused(() => cluster.Certificate(made: Now.AddYears(5))),
            StringComparison.Ordinal
        );
        Assert.Contains("set the clock right", Refused(() => cluster.Certificate(made: Now.AddHours(-2))), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_level_signs_the_next_one_only()
    {
        using var key = SampleCluster.Key();
        Assert.Contains(
            "not by the root CA",
            Refused(() => cluster.Root.MakeNode(cluster.Node(), new PublicKey(key), SampleCluster.Serial(), Now)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "by the root CA only",
            Refused(() => cluster.Issuing.MakeIssuing(new PublicKey(key), SampleCluster.Serial(), Now)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not that of a cluster's CA",
            Refused(() => new CertificateAuthority(cluster.Certificate(), key)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "does not belong",
            Refused(() => new CertificateAuthority(cluster.Root.Certificate, key)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_node_of_another_cluster_or_with_an_unfit_name_is_not_signed()
    {
        var node = cluster.Node();
        NodeIdentity[] unfit =
        [
            node with
            {
                ClusterId = SampleCluster.OtherId,
            },
            node with
            {
                ClusterName = "Other",
            },
            node with
            {
                Number = 0,
            },
            node with
            {
                IssuerEpoch = -1,
            },
            node with
            {
                Name = "*.example.org",
            },
            node with
            {
                Name = "mx2",
            },
            node with
            {
                Name = "MX2.example.org",
            },
            node with
            {
                Name = "a\nb.example.org",
            },
            node with
            {
                Name = $"{new string('a', 55)}.example.org",
            },
        ];
        Assert.All(unfit, n => Assert.NotEmpty(Refused(() => cluster.Certificate(n))));
    }

    [Fact]
    public void Keys_of_other_kinds_are_not_signed()
    {
        using var rsa = RSA.Create(2048);
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        PublicKey[] others = [new(rsa), new(large)];
        Assert.All(
            others,
            k =>
                Assert.Contains(
                    "not a P-256 key",
                    Refused(() => cluster.Issuing.MakeNode(cluster.Node(), k, SampleCluster.Serial(), Now)),
                    StringComparison.Ordinal
                )
        );
        Assert.Contains(
            "not a P-256 key",
            Refused(() => CertificateAuthority.MakeRoot(SampleCluster.Id, "x", large, SampleCluster.Serial(), Now)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF", "x")]
    [InlineData(SampleCluster.Id, "")]
    [InlineData(SampleCluster.Id, "a\nb")]
    [InlineData(SampleCluster.Id, "12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_root_needs_an_id_and_a_name(string id, string name)
    {
        using var key = SampleCluster.Key();
        Assert.NotEmpty(Refused(() => CertificateAuthority.MakeRoot(id, name, key, SampleCluster.Serial(), Now)));
    }

    [Fact]
    public void A_certificate_is_renewed_at_two_thirds_of_its_life()
    {
        var leaf = cluster.Certificate();
        var due = Now.AddHours(-1) + (TimeSpan.FromDays(90) + TimeSpan.FromHours(1)) * 2 / 3;
        Assert.Equal(due, Renewal.DueAt(leaf));
        Assert.True(Renewal.IsDue(leaf, due));
        Assert.False(Renewal.IsDue(leaf, due.AddSeconds(-1)));
    }

    private static (DateTimeOffset From, DateTimeOffset End) Life(X509Certificate2 certificate) =>
        (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());

    private static string KeyIdentifier(X509Certificate2 c) =>
        c.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier!;

    private static string AuthorityIdentifier(X509Certificate2 c) =>
        Convert.ToHexString(c.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span);

    private static string Refused(Action act) => Assert.Throws<TrustException>(act).Message;

    private static string Refused(Func<object> act) => Assert.Throws<TrustException>(act).Message;
}

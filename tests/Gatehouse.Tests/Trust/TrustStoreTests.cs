using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Trust;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>Who is believed, and with which reason anybody else is not.</summary>
public sealed class TrustStoreTests
{
    private static readonly DateTimeOffset Now = SampleCluster.Now;
    private readonly SampleCluster cluster = new();

    [Theory]
    [InlineData(Purpose.Client, null)]
    [InlineData(Purpose.Server, "mx2.example.org")]
    [InlineData(Purpose.Server, "192.0.2.2")]
    [InlineData(Purpose.Server, "localhost")]
    public void A_member_is_believed(Purpose purpose, string? host)
    {
        var judged = cluster.Judge(cluster.Certificate(cluster.Node(2, 4)), cluster.Store(cluster.Lists()), purpose: purpose, host: host);
        Assert.True(judged.IsTrusted, judged.Finding?.ToString());
        Assert.Equal(cluster.Node(2, 4), judged.Identity);
    }

    [Fact]
    public void Before_the_first_contact_there_are_no_lists() => Assert.True(cluster.Judge(cluster.Certificate()).IsTrusted);

    [Fact]
    public void A_member_is_believed_to_the_second()
    {
        var leaf = cluster.Certificate();
        Assert.True(cluster.Judge(leaf, now: Now.AddHours(-1)).IsTrusted);
        Assert.Equal(Distrust.Early, Code(cluster.Judge(leaf, now: Now.AddHours(-1).AddSeconds(-1))));
        Assert.Equal(Distrust.Expired, Code(cluster.Judge(leaf, now: Now.AddDays(90))));
        Assert.True(cluster.Judge(leaf, now: Now.AddDays(90).AddSeconds(-1)).IsTrusted);
    }

    [Fact]
    public void Both_roots_are_believed_while_they_are_rotated()
    {
        var next = new SampleCluster();
        var both = TrustStore.Read(cluster.RootPem + next.RootPem, cluster.Lists() + next.Lists());
        Assert.Equal(2, both.Roots.Length);
        Assert.True(cluster.Judge(cluster.Certificate(), both).IsTrusted);
        Assert.True(next.Judge(next.Certificate(), both).IsTrusted);
        Assert.Equal(Distrust.UnknownAuthority, Code(cluster.Judge(cluster.Certificate(), next.Store())));
    }

    [Fact]
    public void Another_cluster_is_refused_and_named()
    {
        var other = new SampleCluster(SampleCluster.OtherId);
        var judged = other.Judge(other.Certificate(), cluster.Store());
        Assert.Equal(Distrust.OtherCluster, Code(judged));
        Assert.Contains(SampleCluster.OtherId, judged.Finding!.Message, StringComparison.Ordinal);
        Assert.Contains(SampleCluster.Id, judged.Finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Somebody_who_claims_to_be_of_this_cluster_is_refused()
    {
        var thief = new SampleCluster();
        Assert.Equal(Distrust.UnknownAuthority, Code(thief.Judge(thief.Certificate(), cluster.Store(cluster.Lists()))));
        // With the thief's root sent along, too.
        Assert.Equal(
            Distrust.UnknownAuthority,
            Code(cluster.Store().Judge(thief.Certificate(), [thief.Issuing.Certificate, thief.Root.Certificate], Now, Purpose.Client))
        );
    }

    [Fact]
    public void Without_the_issuing_CA_there_is_no_chain() =>
        Assert.Equal(Distrust.UnknownAuthority, Code(cluster.Store().Judge(cluster.Certificate(), [], Now, Purpose.Client)));

    [Fact]
    public void An_expired_certificate_is_refused_with_both_times()
    {
        var judged = cluster.Judge(cluster.Certificate(), now: Now.AddDays(91));
        Assert.Equal(Distrust.Expired, Code(judged));
        Assert.Contains(
            "expired on 2026-09-29 12:00:00 UTC, and here it is 2026-09-30 12:00:00 UTC",
            judged.Finding!.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_certificate_from_the_future_is_refused_with_both_times()
    {
        var judged = cluster.Judge(cluster.Certificate(), now: Now.AddHours(-3));
        Assert.Equal(Distrust.Early, Code(judged));
        Assert.Contains(
            "valid from 2026-07-01 11:00:00 UTC, and here it is 2026-07-01 09:00:00 UTC",
            judged.Finding!.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_revoked_node_is_refused()
    {
        var leaf = cluster.Certificate();
        var store = cluster.Store(cluster.Lists(nodes: [SerialNumber.Of(leaf)]));
        Assert.Equal(Distrust.Revoked, Code(cluster.Judge(leaf, store)));
        Assert.True(cluster.Judge(cluster.Certificate(), store).IsTrusted);
    }

    [Fact]
    public void An_older_list_beside_a_newer_one_takes_nothing_back()
    {
        var leaf = cluster.Certificate();
        var store = cluster.Store(cluster.Lists() + cluster.Lists(nodes: [SerialNumber.Of(leaf)], number: 2) + cluster.Lists(number: 3));
        Assert.Equal(Distrust.Revoked, Code(cluster.Judge(leaf, store)));
    }

    [Fact]
    public void Everything_under_a_revoked_issuing_CA_is_refused()
    {
        var store = cluster.Store(cluster.Lists(issuers: [SerialNumber.Of(cluster.Issuing.Certificate)]));
        Assert.Equal(Distrust.IssuerRevoked, Code(cluster.Judge(cluster.Certificate(), store)));
        var next = cluster.MakeIssuing(Now);
        using var key = SampleCluster.Key();
        var leaf = next.MakeNode(cluster.Node(), new PublicKey(key), SampleCluster.Serial(), Now);
        Assert.True(store.Judge(leaf, [next.Certificate], Now, Purpose.Client).IsTrusted);
    }

    [Fact]
    public void A_list_that_another_made_is_no_reason_to_believe()
    {
        using var mine = SampleCluster.Key();
        var forged = RevocationList.Read(
            new CertificateRevocationListBuilder().Build(
                cluster.Issuing.Certificate.SubjectName,
                X509SignatureGenerator.CreateForECDsa(mine),
                9,
                Now.AddYears(1),
                HashAlgorithmName.SHA256,
                X509AuthorityKeyIdentifierExtension.CreateFromCertificate(cluster.Issuing.Certificate, true, false),
                Now
            )
        );
        Assert.Equal(Distrust.BadRevocationList, Code(cluster.Judge(cluster.Certificate(), cluster.Store(forged.Pem))));
    }

    [Fact]
    public void A_node_signs_nothing()
    {
        using var nodeKey = SampleCluster.Key();
        var node = cluster.Issuing.MakeNode(cluster.Node(), new PublicKey(nodeKey), SampleCluster.Serial(), Now);
        using var key = SampleCluster.Key();
        var victim = cluster.Certificate(cluster.Node(1, 9));
        var request = new CertificateRequest(victim.SubjectName, new PublicKey(key), HashAlgorithmName.SHA256);
        foreach (var extension in victim.Extensions.Where(e => e is not X509AuthorityKeyIdentifierExtension))
            request.CertificateExtensions.Add(extension);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(node, true, false));
        var forged = request.Create(
            node.SubjectName,
            X509SignatureGenerator.CreateForECDsa(nodeKey),
            Now.AddHours(-1),
            Now.AddDays(1),
            [1, 2, 3]
        );
        Assert.Equal(
            Distrust.UnknownAuthority,
            Code(cluster.Store().Judge(forged, [node, cluster.Issuing.Certificate], Now, Purpose.Client))
        );
    }

    [Fact]
    public void A_certificate_for_another_use_is_refused()
    {
        // The right CA, but a certificate that only shows who answers.
        var (ca, key) = OwnIssuing();
        var whole = cluster.Certificate();
        var request = new CertificateRequest(whole.SubjectName, whole.PublicKey, HashAlgorithmName.SHA256);
        foreach (
            var extension in whole.Extensions.Where(e => e is not (X509EnhancedKeyUsageExtension or X509AuthorityKeyIdentifierExtension))
        )
            request.CertificateExtensions.Add(extension);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var leaf = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now, Now.AddDays(1), [1, 2, 3]);
        Assert.Equal(Distrust.WrongUse, Code(cluster.Store().Judge(leaf, [ca], Now, Purpose.Client)));
        Assert.True(cluster.Store().Judge(leaf, [ca], Now, Purpose.Server).IsTrusted);
    }

    [Fact]
    public void A_certificate_that_is_no_nodes_is_refused()
    {
        var (ca, key) = OwnIssuing();
        using var own = SampleCluster.Key();
        var request = new CertificateRequest("CN=mx2.example.org", own, HashAlgorithmName.SHA256);
        var leaf = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now, Now.AddDays(1), [1, 2, 3]);
        Assert.Equal(Distrust.NoNode, Code(cluster.Store().Judge(leaf, [ca], Now, Purpose.Client)));
        Assert.Equal(Distrust.NoNode, Code(cluster.Judge(cluster.Issuing.Certificate)));
        Assert.False(cluster.Judge(cluster.Root.Certificate).IsTrusted);
    }

    [Fact]
    public void Another_name_is_refused()
    {
        foreach (var host in new[] { "mx1.example.org", "192.0.2.1", "example.org", "", "*.example.org", "a b" })
        {
            var judged = cluster.Judge(cluster.Certificate(), purpose: Purpose.Server, host: host);
            Assert.Equal(Distrust.WrongName, Code(judged));
        }
    }

    [Fact]
    public async Task A_root_in_the_systems_store_does_not_matter()
    {
        using var unchanged = await SystemTrust.KeepAsync();
        using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        var today = DateTime.Now;
        var known = system.Certificates.FirstOrDefault(c => c.NotBefore < today && c.NotAfter > today.AddDays(30));
        // A host without CA certificates has none to be misled by.
        if (known is null)
            return;
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        Assert.True(chain.Build(known));
        Assert.Equal(
            Distrust.UnknownAuthority,
            Code(cluster.Store().Judge(known, system.Certificates, DateTimeOffset.Now, Purpose.Server))
        );
    }

    [Fact]
    public void What_a_certificate_says_is_shown_only_when_it_is_a_name()
    {
        using var key = SampleCluster.Key();
        var leaf = new CertificateRequest("CN=\"\u001b[31mroot\"", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now, Now.AddDays(1));
        var finding = cluster.Judge(leaf).Finding!;
        Assert.DoesNotContain('\u001b', finding.ToString());
        Assert.Equal(Distrust.UnknownAuthority, finding.Code);
    }

    [Fact]
    public void Any_bytes_in_a_certificate_are_judged_and_never_believed()
    {
        var der = cluster.Certificate(cluster.Node(2, 4)).RawData;
        var store = cluster.Store(cluster.Lists());
        var change = Gen.Choose(0, der.Length - 1).Zip(Gen.Choose(0, 255));
        var read = 0;
        Prop.ForAll(
                change.ArrayOf(2).ToArbitrary(),
                changes =>
                {
                    var bytes = der.ToArray();
                    foreach (var (index, value) in changes)
                        bytes[index] = (byte)value;
                    if (bytes.AsSpan().SequenceEqual(der))
                        return true;
                    X509Certificate2 leaf;
                    try
                    {
                        leaf = X509CertificateLoader.LoadCertificate(bytes);
                    }
                    catch (CryptographicException)
                    {
                        return true;
                    }

                    read++;
                    // A reader that throws would fail the test.
                    _ = NodeIdentity.TryRead(leaf, out _, out _);
                    using (leaf)
                        return !cluster.Judge(leaf, store, purpose: Purpose.Server, host: "mx2.example.org").IsTrusted;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        Assert.True(read > 500);
    }

    [Fact]
    public void A_store_holds_the_roots_of_one_cluster_and_nothing_else()
    {
        var other = new SampleCluster(SampleCluster.OtherId);
        Assert.Contains("one cluster", Refused(cluster.RootPem + other.RootPem, ""), StringComparison.Ordinal);
        Assert.Contains("not the root CA", Refused(cluster.Issuing.Certificate.ExportCertificatePem(), ""), StringComparison.Ordinal);
        Assert.Contains("not the root CA", Refused(cluster.Certificate().ExportCertificatePem(), ""), StringComparison.Ordinal);
        Assert.Contains("no certificate in PEM form", Refused("", ""), StringComparison.Ordinal);
        Assert.Contains(
            "cannot be read",
            Refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""),
            StringComparison.Ordinal
        );
        Assert.Contains("cut off", Refused(cluster.RootPem, cluster.Lists()[..^50]), StringComparison.Ordinal);
        Assert.Equal(SampleCluster.Id, cluster.Store().ClusterId);
    }

    private (X509Certificate2 Certificate, ECDsa Key) OwnIssuing()
    {
        var key = SampleCluster.Key();
        return (cluster.Root.MakeIssuing(new PublicKey(key), SampleCluster.Serial(), Now), key);
    }

    private static string Code(Judgement judged)
    {
        Assert.False(judged.IsTrusted);
        return judged.Finding.Code;
    }

    private static string Refused(string roots, string lists) => Assert.Throws<TrustException>(() => TrustStore.Read(roots, lists)).Message;
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>Certificate files as other products and tools leave them.</summary>
public sealed class OwnCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 root;
    private readonly X509Certificate2 issuer;
    private readonly X509Certificate2 leaf;

    public OwnCertificateTests()
    {
        root = Authority("CN=root", rootKey).CreateSelfSigned(Start, Start.AddYears(9));
        issuer = Authority("CN=issuer", issuerKey)
            .Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), Start, Start.AddYears(5), [2]);
        leaf = new CertificateRequest("CN=mx1.example.org", key, HashAlgorithmName.SHA256).Create(
            issuer.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuerKey),
            Start,
            Start.AddYears(1),
            [3]
        );
    }

    public static TheoryData<string> Around =>
        [
            "{0}{1}",
            "Bag Attributes\n    friendlyName: mx\n{0}subject=CN = mx1\nissuer=CN = x\n{1}\nthe end",
            "# Söhne\r\n\r\n{0}{1}",
            "\uFEFF{0}{1}",
            "{1}{0}",
        ];

    public void Dispose()
    {
        key.Dispose();
        issuerKey.Dispose();
        rootKey.Dispose();
        root.Dispose();
        issuer.Dispose();
        leaf.Dispose();
    }

    [Theory]
    [MemberData(nameof(Around))]
    public void Text_around_the_blocks_and_their_order_do_not_matter(string form)
    {
        var text = string.Format(null, form, leaf.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
        var read = OwnCertificate.Read(text, text);
        Assert.Equal(OwnCertificateProblem.None, read.Problem);
        Assert.Equal(leaf.ExportCertificatePem() + "\n", read.ChainPem);
        Assert.Equal(key.ExportPkcs8PrivateKeyPem() + "\n", read.KeyPem.Reveal());
    }

    [Fact]
    public void What_is_shown_never_holds_the_key()
    {
        var both = key.ExportECPrivateKeyPem() + "\n" + leaf.ExportCertificatePem();
        Assert.DoesNotContain("PRIVATE KEY", OwnCertificate.Read(both, both).ChainPem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chain_is_put_in_order_with_the_servers_own_certificate_first()
    {
        var wanted = string.Concat(new[] { leaf, issuer, root }.Select(c => c.ExportCertificatePem() + "\n"));
        X509Certificate2[][] orders =
        [
            [leaf, issuer, root],
            [root, issuer, leaf],
            [issuer, leaf, root],
            [root, leaf, issuer],
        ];
        Assert.All(
            orders,
            o =>
                Assert.Equal(
                    wanted,
                    OwnCertificate.Read(string.Join('\n', o.Select(c => c.ExportCertificatePem())), key.ExportPkcs8PrivateKeyPem()).ChainPem
                )
        );
    }

    [Fact]
    public void What_cannot_be_used_is_named()
    {
        var certificate = leaf.ExportCertificatePem();
        Assert.Equal(OwnCertificateProblem.NoCertificate, OwnCertificate.Read("", key.ExportPkcs8PrivateKeyPem()).Problem);
        Assert.Equal(
            OwnCertificateProblem.NoCertificate,
            OwnCertificate.Read(PemEncoding.WriteString("CERTIFICATE", [1, 2, 3]), "").Problem
        );
        Assert.Equal(OwnCertificateProblem.NoKey, OwnCertificate.Read(certificate, certificate).Problem);
        Assert.Equal(OwnCertificateProblem.KeyMismatch, OwnCertificate.Read(certificate, issuerKey.ExportPkcs8PrivateKeyPem()).Problem);
        var locked = key.ExportEncryptedPkcs8PrivateKeyPem(
            "secret",
            new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)
        );
        Assert.Equal(OwnCertificateProblem.EncryptedKey, OwnCertificate.Read(certificate, locked).Problem);
        Assert.Equal(
            OwnCertificateProblem.EncryptedKey,
            OwnCertificate
                .Read(
                    certificate,
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE "
                        + "KEY-----\n"
                )
                .Problem
        );
    }

    [Fact]
    public void Keys_that_servers_or_clients_refuse_are_refused()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        Assert.Equal(OwnCertificateProblem.KeyKind, Own(new CertificateRequest("CN=mx1", curve, HashAlgorithmName.SHA256), curve));
        using var small = RSA.Create(1024);
        Assert.Equal(
            OwnCertificateProblem.KeyKind,
            Own(new CertificateRequest("CN=mx1", small, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), small)
        );
        using var large = RSA.Create(2048);
        Assert.Equal(
            OwnCertificateProblem.None,
            Own(new CertificateRequest("CN=mx1", large, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), large)
        );
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Equal(OwnCertificateProblem.None, Own(new CertificateRequest("CN=mx1", other, HashAlgorithmName.SHA384), other));
    }

    private static OwnCertificateProblem Own(CertificateRequest request, AsymmetricAlgorithm key)
    {
        using var certificate = request.CreateSelfSigned(Start, Start.AddYears(1));
        return OwnCertificate.Read(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()).Problem;
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}

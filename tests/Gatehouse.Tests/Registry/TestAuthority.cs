using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Tests.Registry;

/// <summary>A certificate, the ones above it but the root's, and its key.</summary>
internal sealed record Identity(string Chain, Secret Key, IssuedCertificate Issued);

/// <summary>A root and an issuing CA, as a cluster has them.</summary>
internal sealed class TestAuthority
{
    private readonly X509Certificate2 root = Authority("Test root", null, 1);
    private readonly X509Certificate2 issuing;

    public TestAuthority() => issuing = Authority("Test issuing CA", root, 0);

    public string RootPem => root.ExportCertificatePem() + "\n";

    public Authority Root => new(Hash(root.RawData), AuthorityKind.Root, AuthorityState.Current, RootPem, "sealed root key");

    public Authority Issuing =>
        new(Hash(issuing.RawData), AuthorityKind.Issuing, AuthorityState.Current, issuing.ExportCertificatePem() + "\n", null);

    /// <summary>Another issuing authority below the same root.</summary>
    public Authority NewIssuing()
    {
        using var next = Authority("Test issuing CA", root, 0);
        return new(Hash(next.RawData), AuthorityKind.Issuing, AuthorityState.Current, next.ExportCertificatePem(), null);
    }

    public Identity Issue(string name, params string[] alternatives) => Issue(name, DateTimeOffset.UtcNow.AddDays(90), alternatives);

    /// <summary>One that is good until a moment; it may be past.</summary>
    public Identity Issue(string name, DateTimeOffset until, params string[] alternatives)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, O=Test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false)
        );
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuing, true, false));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var alternative in alternatives.Append(name))
        {
            if (IPAddress.TryParse(alternative, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(alternative);
        }

        request.CertificateExtensions.Add(names.Build());
        var from = DateTimeOffset.UtcNow.AddHours(-1);
        using var certificate = request.Create(issuing, from, until, Serial());
        var chain = certificate.ExportCertificatePem() + "\n" + issuing.ExportCertificatePem() + "\n";
        return new Identity(
            chain,
            new Secret(key.ExportPkcs8PrivateKeyPem()),
            new IssuedCertificate(
                certificate.SerialNumber.ToLowerInvariant(),
                Hash(key.ExportSubjectPublicKeyInfo()),
                chain,
                certificate.NotBefore,
                certificate.NotAfter
            )
        );
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? above, int path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, path, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var from = DateTimeOffset.UtcNow.AddHours(-2);
        if (above is null)
            return request.CreateSelfSigned(from, from.AddYears(1));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(above, true, false));
        using var signed = request.Create(above, from, from.AddDays(200), Serial());
        return signed.CopyWithPrivateKey(key);
    }

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x01);
        return serial;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>Signs node certificates with the issuing CA, whose key is on the issuer alone.</summary>
public sealed class Issuer : IDisposable
{
    private readonly ECDsa key;
    private readonly CertificateAuthority authority;
    private readonly TimeProvider clock;

    private Issuer(CertificateAuthority authority, ECDsa key, TimeProvider clock) =>
        (this.authority, this.key, this.clock) = (authority, key, clock);

    /// <summary>Reads <c>issuer.crt</c> and <c>issuer.key</c>; null where there are none, on every other node.</summary>
    /// <param name="directory">Where they are.</param>
    /// <param name="clock">The time.</param>
    /// <exception cref="TrustException">They cannot be used.</exception>
    public static Issuer? Read(string directory, TimeProvider clock)
    {
        var (certificate, secret) = (Path.Combine(directory, "issuer.crt"), Path.Combine(directory, "issuer.key"));
        if (!File.Exists(certificate) || !File.Exists(secret))
            return null;
        return Of(File.ReadAllText(certificate), new Secret(File.ReadAllText(secret)), clock);
    }

    /// <summary>From certificate and key.</summary>
    /// <param name="certificate">The issuing CA's certificate, PEM.</param>
    /// <param name="secret">Its key, PEM.</param>
    /// <param name="clock">The time.</param>
    /// <exception cref="TrustException">They cannot be used.</exception>
    public static Issuer Of(string certificate, Secret secret, TimeProvider clock)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(secret.Reveal());
        return new Issuer(new CertificateAuthority(X509Certificate2.CreateFromPem(certificate), key), key, clock);
    }

    /// <summary>The issuing CA's certificate.</summary>
    public X509Certificate2 Certificate => authority.Certificate;

    /// <summary>Whether this CA has signed a certificate: another one's it cannot put on its list.</summary>
    public bool HasSigned(IssuedCertificate certificate)
    {
        using var leaf = X509Certificate2.CreateFromPem(certificate.Pem);
        return leaf.IssuerName.RawData.AsSpan().SequenceEqual(authority.Certificate.SubjectName.RawData);
    }

    /// <summary>Signs a node's certificate; what is in it comes from the cluster's record alone.</summary>
    /// <param name="number">The node's number.</param>
    /// <param name="name">Its name.</param>
    /// <param name="address">Its address.</param>
    /// <param name="epoch">For the issuer's own certificate, the epoch it acts by; null for all others.</param>
    /// <param name="publicKey">Its key.</param>
    public IssuedCertificate Sign(int number, string name, IPAddress address, long? epoch, PublicKey publicKey)
    {
        var identity = new NodeIdentity(authority.ClusterId, authority.ClusterName, number, name, address, epoch);
        using var certificate = authority.MakeNode(identity, publicKey, NewSerial(), clock.GetUtcNow());
        return Record(certificate, $"{certificate.ExportCertificatePem()}\n{authority.Certificate.ExportCertificatePem()}\n");
    }

    /// <summary>A certificate as the registry files it.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="pem">It and the issuing CA's, PEM.</param>
    public static IssuedCertificate Record(X509Certificate2 certificate, string pem) =>
        new(
            SerialOf(certificate),
            HashOf(certificate.PublicKey),
            pem,
            certificate.NotBefore.ToUniversalTime(),
            certificate.NotAfter.ToUniversalTime()
        );

    /// <summary>The list of all that this CA has signed and that is revoked.</summary>
    /// <param name="number">Larger than that of the list before.</param>
    /// <param name="revoked">All certificates of the cluster; those that are good or of another CA are passed over.</param>
    public Registry.RevocationList Revoke(long number, IEnumerable<CertificateRecord> revoked)
    {
        var entries = revoked
            .Where(c => c.Revoked is not null && HasSigned(c.Issued))
            .Select(c => new RevokedCertificate(new SerialNumber(c.Issued.Serial.ToUpperInvariant()), c.Revoked!.Value));
        var made = authority.MakeRevocationList(number, entries, clock.GetUtcNow());
        return new Registry.RevocationList(FingerprintOf(authority.Certificate), number, made.Pem);
    }

    /// <summary>SHA-256 of a public key, as the registry files it.</summary>
    public static string HashOf(PublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>SHA-256 of a certificate, as the registry files it.</summary>
    public static string FingerprintOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    /// <summary>A certificate's serial number, as the registry files it.</summary>
    public static string SerialOf(X509Certificate2 certificate) => SerialNumber.Of(certificate).Hex.ToLowerInvariant();

    /// <summary>A fresh serial number.</summary>
    public static SerialNumber NewSerial() => SerialNumber.Make(RandomNumberGenerator.GetBytes(SerialNumber.RandomBytes));

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();
}

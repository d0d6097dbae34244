using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>Why a certificate and a key of the administrator's cannot be used together.</summary>
public enum OwnCertificateProblem
{
    /// <summary>They can.</summary>
    None,

    /// <summary>The certificate file holds no certificate, or one that cannot be read.</summary>
    NoCertificate,

    /// <summary>The key file holds no private key.</summary>
    NoKey,

    /// <summary>The key takes a passphrase.</summary>
    EncryptedKey,

    /// <summary>Servers or clients do not accept a key of this kind or size.</summary>
    KeyKind,

    /// <summary>No certificate of the file belongs to the key.</summary>
    KeyMismatch,
}

/// <summary>
/// A certificate with its intermediate certificates, and its private key, as a server shows them: each in a text of its own, whatever
/// else the files held, and the chain in the order of RFC 8446 section 4.4.2 (each certificate is followed by its issuer's).
/// </summary>
/// <param name="Problem">Why they cannot be used.</param>
/// <param name="Detail">About the problem: the key's kind; empty otherwise.</param>
/// <param name="ChainPem">The certificates, the server's own first.</param>
/// <param name="KeyPem">The private key.</param>
public sealed record OwnCertificate(OwnCertificateProblem Problem, string Detail, string ChainPem, Secret KeyPem)
{
    // A chain is a handful of certificates; a bundle of all roots of the world is none.
    private const int MostCertificates = 20;

    // What GnuTLS, OpenSSL at Debian's security level and browsers all take.
    private static readonly ImmutableDictionary<string, string> Curves = ImmutableDictionary<string, string>
        .Empty.Add("1.2.840.10045.3.1.7", "P-256")
        .Add("1.3.132.0.34", "P-384")
        .Add("1.3.132.0.35", "P-521");

    /// <summary>Reads both files. They may be one file that holds both, and text may stand around the blocks.</summary>
    public static OwnCertificate Read(string certificateText, string keyText)
    {
        var (blocks, keys) = (PemText.Read(certificateText).Certificates, PemText.Read(keyText));
        var certificates = new List<X509Certificate2>();
        try
        {
            if (blocks.Length is 0 or > MostCertificates)
                return Failed(OwnCertificateProblem.NoCertificate);
            foreach (var block in blocks)
                certificates.Add(X509Certificate2.CreateFromPem(block));
            var chain = Order(certificates, keys.Keys);
            if (KeyProblem(chain[0]) is { } kind)
                return Failed(OwnCertificateProblem.KeyKind, kind) with { ChainPem = Text(chain) };
            var key = keys.Keys.FirstOrDefault(k => Belongs(chain[0], k));
            return key is not null
                ? new OwnCertificate(OwnCertificateProblem.None, "", Text(chain), new Secret(key))
                : Failed(
                    !keys.Keys.IsEmpty ? OwnCertificateProblem.KeyMismatch
                    : keys.HasEncryptedKey ? OwnCertificateProblem.EncryptedKey
                    : OwnCertificateProblem.NoKey
                ) with
                {
                    ChainPem = Text(chain),
                };
        }
        catch (CryptographicException)
        {
            return Failed(OwnCertificateProblem.NoCertificate);
        }
        finally
        {
            certificates.ForEach(c => c.Dispose());
        }
    }

    /// <summary>What is wrong with a certificate's key for a public server, in words; null when nothing is.</summary>
    public static string? KeyProblem(X509Certificate2 certificate)
    {
        switch (certificate.PublicKey.Oid.Value)
        {
            case "1.2.840.113549.1.1.1":
                using (var rsa = certificate.GetRSAPublicKey())
                    return rsa is { KeySize: < 2048 } ? $"an RSA key of {rsa.KeySize} bits, which is too short" : null;
            case P256.KeyOid:
                return CurveOf(certificate.PublicKey) is { } curve && Curves.ContainsKey(curve)
                    ? null
                    : "a key on a curve that mail servers do not accept";
            default:
                return $"a key of a kind that mail servers do not accept "
                    + $"({certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value})";
        }
    }

    private static OwnCertificate Failed(OwnCertificateProblem problem, string detail = "") => new(problem, detail, "", new Secret(""));

    private static string Text(IEnumerable<X509Certificate2> chain) => string.Concat(chain.Select(c => c.ExportCertificatePem() + "\n"));

    // The server's own certificate is the key's; without a key that fits, the one that issued none of the others.
    private static List<X509Certificate2> Order(List<X509Certificate2> certificates, ImmutableArray<string> keys)
    {
        var leaf =
            certificates.Find(c => keys.Any(k => Belongs(c, k)))
            ?? certificates.Find(c => !certificates.Exists(o => o != c && Issued(c, o)))
            ?? certificates[0];
        List<X509Certificate2> chain = [leaf];
        while (certificates.Find(c => !chain.Contains(c) && Issued(c, chain[^1])) is { } issuer)
            chain.Add(issuer);
        // What is left over may be the other way of a cross-signed chain, and does no harm behind it.
        return [.. chain, .. certificates.Where(c => !chain.Contains(c))];
    }

    private static bool Issued(X509Certificate2 issuer, X509Certificate2 certificate) =>
        issuer.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static bool Belongs(X509Certificate2 certificate, string key)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key);
            return pair.HasPrivateKey;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static string? CurveOf(PublicKey key)
    {
        try
        {
            return key.EncodedParameters is { } parameters
                ? AsnDecoder.ReadObjectIdentifier(parameters.RawData, AsnEncodingRules.DER, out _)
                : null;
        }
        catch (AsnContentException)
        {
            // Parameters written out instead of a curve's name.
            return null;
        }
    }
}

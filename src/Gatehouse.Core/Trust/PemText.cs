using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Gatehouse.Core.Trust;

/// <summary>
/// The blocks of a PEM file, each rewritten cleanly, without the text that other programs put around them: RFC 7468 section 2 has
/// readers skip it, and <c>openssl pkcs12</c> and <c>openssl x509 -text</c> write it.
/// </summary>
public sealed record PemText
{
    private static readonly ImmutableArray<string> CertificateLabels = ["CERTIFICATE", "X509 CERTIFICATE"];
    private static readonly ImmutableArray<string> KeyLabels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

    private PemText(ImmutableArray<string> certificates, ImmutableArray<string> keys, bool hasEncryptedKey) =>
        (Certificates, Keys, HasEncryptedKey) = (certificates, keys, hasEncryptedKey);

    /// <summary>The certificates in the order of the file, a block each, with a line end behind it.</summary>
    public ImmutableArray<string> Certificates { get; }

    /// <summary>The private keys that have no passphrase, a block each, with a line end behind it.</summary>
    public ImmutableArray<string> Keys { get; }

    /// <summary>Whether the file holds a key that takes a passphrase: PKCS#8, or the older form with a <c>Proc-Type</c> line.</summary>
    public bool HasEncryptedKey { get; }

    /// <summary>Reads a file's text; what is no certificate and no private key is passed over.</summary>
    public static PemText Read(string text)
    {
        var certificates = ImmutableArray.CreateBuilder<string>();
        var keys = ImmutableArray.CreateBuilder<string>();
        var encrypted = text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal);
        // A byte order mark before the first line would hide its block.
        var rest = text.AsSpan().TrimStart('\uFEFF');
        while (PemEncoding.TryFind(rest, out var found))
        {
            var label = rest[found.Label].ToString();
            encrypted |= label == "ENCRYPTED PRIVATE KEY";
            var target =
                CertificateLabels.Contains(label) ? certificates
                : KeyLabels.Contains(label) ? keys
                : null;
            target?.Add(
                PemEncoding.WriteString(
                    target == certificates ? "CERTIFICATE" : label,
                    Convert.FromBase64String(rest[found.Base64Data].ToString())
                ) + "\n"
            );
            rest = rest[found.Location.End..];
        }

        return new PemText(certificates.ToImmutable(), keys.ToImmutable(), encrypted);
    }
}

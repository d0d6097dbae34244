using System.Security.Cryptography;
using Gatehouse.Core.Values;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;

namespace Gatehouse.Core.Trust;

/// <summary>A private key that signs mail: RSA (RFC 8301: at least 1024 bits) or Ed25519 (RFC 8463).</summary>
/// <param name="Kind">The record's <c>k=</c>: <c>rsa</c> or <c>ed25519</c>.</param>
/// <param name="Pem">The key as PKCS#8 in PEM form, which Exim reads.</param>
/// <param name="Record">The record's <c>p=</c>, base64.</param>
public sealed record DkimKey(string Kind, Secret Pem, string Record)
{
    private const int LeastBits = 1024;

    /// <summary>What signs with an RSA key.</summary>
    public static DkimKey OfRsa(RSA key) =>
        new("rsa", new Secret(key.ExportPkcs8PrivateKeyPem()), Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Reads a key from the text of a PEM file; null, with the problem, when it holds none that can sign mail.</summary>
    public static DkimKey? Read(string text, out string problem)
    {
        problem = "";
        var file = PemText.Read(text);
        if (file.Keys is not [var block])
        {
            problem =
                file.HasEncryptedKey ? "holds a key with a passphrase; remove it with 'openssl pkey'"
                : file.Keys.IsEmpty ? "holds no private key in PEM form"
                : "holds more than one private key";
            return null;
        }

        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(block);
            if (rsa.KeySize >= LeastBits)
                return OfRsa(rsa);
            problem = $"holds an RSA key of {rsa.KeySize} bits; verifiers refuse keys below {LeastBits} (RFC 8301)";
            return null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Not an RSA key; the other kind is tried below.
        }

        if (ReadEd25519(block) is { } other)
            return other;
        problem = "holds a key that is neither RSA nor Ed25519, the two kinds that sign mail";
        return null;
    }

    private static DkimKey? ReadEd25519(string block)
    {
        try
        {
            using var reader = new PemReader(new StringReader(block));
            return reader.ReadObject() is Ed25519PrivateKeyParameters key
                ? new DkimKey("ed25519", new Secret(block.TrimEnd()), Convert.ToBase64String(key.GeneratePublicKey().GetEncoded()))
                : null;
        }
        catch (Exception e) when (e is IOException or SecurityUtilityException or InvalidKeyException or ArgumentException)
        {
            return null;
        }
    }
}

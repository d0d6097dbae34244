using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>The one curve and signature that everything here is made of: P-256 with SHA-256 (RFC 5480, RFC 5758).</summary>
internal static class P256
{
    public const string KeyOid = "1.2.840.10045.2.1";
    public const string CurveOid = "1.2.840.10045.3.1.7";
    public const string SignatureOid = "1.2.840.10045.4.3.2";

    /// <summary>Refuses a key of another kind.</summary>
    /// <exception cref="TrustException">It is not a P-256 key.</exception>
    public static PublicKey Require(PublicKey key, string whose) =>
        IsOurs(key) ? key : throw new TrustException($"{whose} is not a P-256 key; make one of that kind.");

    /// <summary>Whether it is a P-256 key.</summary>
    public static bool IsOurs(PublicKey key)
    {
        if (key.Oid.Value != KeyOid || key.EncodedParameters is not { } parameters)
            return false;
        try
        {
            return AsnDecoder.ReadObjectIdentifier(parameters.RawData, AsnEncodingRules.DER, out _) == CurveOid;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>Whether the key signed the data; false as well when it is a key or a signature of another kind.</summary>
    public static bool Verifies(PublicKey key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!IsOurs(key))
            return false;
        try
        {
            using var verifier = key.GetECDsaPublicKey();
            return verifier is not null
                && verifier.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>
    /// Reads what stands behind signed content, in certificates, requests and lists alike: algorithm and signature, in the one
    /// spelling they have, so that nothing can be changed without being noticed. Null when the algorithm is another.
    /// </summary>
    /// <exception cref="AsnContentException">It is not in that form.</exception>
    public static byte[]? ReadSignature(AsnReader reader)
    {
        var algorithm = reader.ReadSequence();
        var ours = algorithm.ReadObjectIdentifier() == SignatureOid;
        if (ours)
            algorithm.ThrowIfNotEmpty();
        var signature = reader.ReadBitString(out var unused);
        reader.ThrowIfNotEmpty();
        if (unused != 0)
            throw new AsnContentException("a signature is of whole bytes");
        return ours ? signature : null;
    }

    /// <summary>A key pair from PKCS#8; null when it is none of ours.</summary>
    public static ECDsa? ImportPrivate(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            if (IsOurs(new PublicKey(key)))
                return key;
        }
        catch (CryptographicException)
        {
            // Not a key at all: the answer below is the same.
        }

        key.Dispose();
        return null;
    }
}

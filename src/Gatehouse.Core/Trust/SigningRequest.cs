using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Core.Trust;

/// <summary>
/// A node's request for a certificate (PKCS#10, RFC 2986). It proves that the node has the private key, and that is all it
/// is for: name, alternative names and usages in it are not even read.
/// </summary>
public static class SigningRequest
{
    /// <summary>The most bytes that are looked at; a request has about 300.</summary>
    public const int Longest = 8 * 1024;

    private const string Label = "CERTIFICATE REQUEST";

    /// <summary>Makes a request, PEM.</summary>
    /// <param name="key">The node's key pair, P-256.</param>
    /// <exception cref="TrustException">The key is of another kind.</exception>
    public static string Make(ECDsa key)
    {
        P256.Require(new PublicKey(key), "the node's key");
        return new CertificateRequest(new X500DistinguishedName("CN=gatehouse"), key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    /// <summary>Judges a request and takes the public key out of it.</summary>
    /// <param name="request">What came, PEM or DER.</param>
    /// <param name="key">The key whose private half signed it; null when there is a problem.</param>
    /// <param name="problem">Why it is refused, to follow the words "the certificate request".</param>
    public static bool Judge(ReadOnlySpan<byte> request, [NotNullWhen(true)] out PublicKey? key, out string problem)
    {
        key = null;
        problem = request.Length > Longest ? $"has {request.Length} bytes, more than {Longest}" : "";
        if (problem.Length > 0)
            return false;
        if (!TryDer(request, out var der))
        {
            problem = $"is not PEM with the label {Label}";
            return false;
        }

        try
        {
            return Judge(der, out key, out problem);
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            key = null;
            problem = "is not a PKCS#10 request in PEM or DER form";
            return false;
        }
    }

    private static bool Judge(byte[] der, [NotNullWhen(true)] out PublicKey? key, out string problem)
    {
        key = null;
        problem = "";
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var request = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = request.PeekEncodedValue();
        var info = request.ReadSequence();
        var signature = P256.ReadSignature(request);

        info.ReadInteger();
        info.ReadSequence();
        var publicKey = info.ReadEncodedValue();
        if (KeyProblem(publicKey) is { } wrongKey)
            problem = wrongKey;
        else if (signature is null)
            problem = "is not signed with ECDSA and SHA-256";
        if (problem.Length > 0 || signature is null)
            return false;

        var sent = PublicKey.CreateFromSubjectPublicKeyInfo(publicKey.Span, out _);
        if (!P256.Verifies(sent, signed.Span, signature))
        {
            problem = "is not signed by the key in it; it was changed on the way, or the sender does not have that key";
            return false;
        }

        key = sent;
        return true;
    }

    private static string? KeyProblem(ReadOnlyMemory<byte> publicKey)
    {
        var algorithm = new AsnReader(publicKey, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        var kind = algorithm.ReadObjectIdentifier();
        var ours =
            kind == P256.KeyOid
            && algorithm.HasData
            && algorithm.PeekTag() == Asn1Tag.ObjectIdentifier
            && algorithm.ReadObjectIdentifier() == P256.CurveOid;
        return ours ? null : "is for a key of another kind than P-256; make the request with the program that joins";
    }

    private static bool TryDer(ReadOnlySpan<byte> request, out byte[] der)
    {
        der = request.ToArray();
        if (!request.StartsWith("-----BEGIN "u8))
            return true;
        var text = Encoding.Latin1.GetString(request);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != Label)
            return false;
        der = Convert.FromBase64String(text[fields.Base64Data]);
        return true;
    }
}

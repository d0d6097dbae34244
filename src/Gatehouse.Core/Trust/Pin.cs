using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>
/// What a join code knows of the cluster's root CA: the first 128 bits of the SHA-256 of its public key
/// (SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7), so a renewed certificate of the same key has the same pin.
/// </summary>
public sealed record Pin
{
    /// <summary>The size in bytes.</summary>
    internal const int Size = 16;

    private Pin(string hex) => Hex = hex;

    /// <summary>32 hexadecimal digits, small letters.</summary>
    public string Hex { get; }

    /// <summary>The pin of a certificate's key.</summary>
    public static Pin Of(X509Certificate2 certificate) => Of(certificate.PublicKey);

    /// <summary>The pin of a key.</summary>
    public static Pin Of(PublicKey key) => Read(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, Size));

    /// <summary>Whether the certificate has the key that this pin is of.</summary>
    public bool Matches(X509Certificate2 certificate) => Of(certificate) == this;

    /// <summary>The digits in groups of four, to be compared by eye.</summary>
    public override string ToString() => string.Join(' ', Hex.Chunk(4).Select(c => new string(c)));

    /// <summary>A pin from its 16 bytes.</summary>
    internal static Pin Read(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(bytes[..Size]));

    /// <summary>Its 16 bytes.</summary>
    internal byte[] Bytes() => Convert.FromHexString(Hex);
}

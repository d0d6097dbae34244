using System.Net;

namespace Gatehouse.Registry;

/// <summary>What a certificate authority signs.</summary>
public enum AuthorityKind
{
    /// <summary>Issuing authorities; trusted by members.</summary>
    Root,

    /// <summary>Node certificates, day to day.</summary>
    Issuing,
}

/// <summary>How far a certificate authority is in its life.</summary>
public enum AuthorityState
{
    /// <summary>It signs.</summary>
    Current,

    /// <summary>It is trusted, and does not sign: it is to become current, or was until now.</summary>
    Next,

    /// <summary>It is over.</summary>
    Retired,
}

/// <summary>A certificate authority of the cluster.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate, in lower-case hexadecimal.</param>
/// <param name="Kind">What it signs.</param>
/// <param name="State">How far it is.</param>
/// <param name="Pem">The certificate.</param>
/// <param name="SealedKey">A root's private key as the master token sealed it; null for an issuing authority, whose key is on the issuer
/// alone.</param>
public sealed record Authority(string Fingerprint, AuthorityKind Kind, AuthorityState State, string Pem, string? SealedKey);

/// <summary>A node certificate that was signed.</summary>
/// <param name="Serial">Serial number, lower-case hexadecimal.</param>
/// <param name="KeyHash">SHA-256 of the public key (SubjectPublicKeyInfo), lower-case hexadecimal.</param>
/// <param name="Pem">The certificate, and those of the CAs below the root if members are to get them too.</param>
/// <param name="NotBefore">From when it is good.</param>
/// <param name="NotAfter">Until when.</param>
public sealed record IssuedCertificate(string Serial, string KeyHash, string Pem, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>A node certificate as the registry keeps it.</summary>
/// <param name="Node">Whose it is.</param>
/// <param name="Issued">The certificate.</param>
/// <param name="Revoked">When it was revoked; null while it is good.</param>
/// <param name="Why">Why it was revoked; empty while it is good.</param>
public sealed record CertificateRecord(int Node, IssuedCertificate Issued, DateTimeOffset? Revoked, string Why);

/// <summary>A revocation list.</summary>
/// <param name="Authority">The fingerprint of the CA that signed it.</param>
/// <param name="Number">Its CRL number; grows with each one of that CA (RFC 5280, 5.2.3).</param>
/// <param name="Pem">The list.</param>
public sealed record RevocationList(string Authority, long Number, string Pem);

/// <summary>Where a node is.</summary>
/// <param name="Address">Where the others reach it.</param>
/// <param name="Port">The port of its agent.</param>
/// <param name="Location">Where it stands; free text.</param>
public sealed record NodePlace(IPAddress Address, int Port, string Location);

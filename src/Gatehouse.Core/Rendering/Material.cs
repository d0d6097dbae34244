using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>A private key and its certificate, both PEM.</summary>
public sealed record CertifiedKey(Secret KeyPem, string CertificatePem);

/// <summary>
/// Keys, certificates and generated secrets of a node. They are made once, kept on the machine, and handed to the renderer
/// like any other value.
/// </summary>
public sealed record Material
{
    /// <summary>Certificate of mail transfer.</summary>
    public required CertifiedKey Mta { get; init; }

    /// <summary>Certificate of the management web.</summary>
    public required CertifiedKey Web { get; init; }

    /// <summary>Key that signs mail; null when nothing is signed.</summary>
    public required Secret? DkimKeyPem { get; init; }

    /// <summary>The public half of the DKIM key, base64 (RFC 6376 section 3.6.1, tag p).</summary>
    public required string DkimPublicKey { get; init; }

    /// <summary>Password of Redis.</summary>
    public required Secret RedisPassword { get; init; }

    /// <summary>Password between nginx and rspamd's controller.</summary>
    public required Secret ControllerPassword { get; init; }

    /// <summary>The administrator's password when it was generated; null otherwise.</summary>
    public required Secret? WebPassword { get; init; }

    /// <summary>crypt(5) hash of the administrator's password.</summary>
    public required Secret WebPasswordHash { get; init; }
}

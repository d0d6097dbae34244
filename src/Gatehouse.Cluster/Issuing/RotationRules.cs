using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Issuing;

/// <summary>How far a rotation of the root CA is.</summary>
internal enum RotationStage
{
    /// <summary>There is one root.</summary>
    None,

    /// <summary>A new root is trusted beside the one that signs.</summary>
    Introduced,

    /// <summary>The new root signs, and the old one is trusted still.</summary>
    Switched,
}

/// <summary>What the registry's authorities say of a rotation.</summary>
/// <param name="Stage">How far it is.</param>
/// <param name="Current">The root that signs.</param>
/// <param name="Other">The other root; null when there is none.</param>
/// <param name="Issuing">The issuing CA that signs.</param>
internal sealed record Rotation(RotationStage Stage, Authority Current, Authority? Other, Authority Issuing)
{
    /// <summary>Reads it.</summary>
    /// <param name="authorities">All authorities, oldest first.</param>
    public static Rotation Of(ImmutableArray<Authority> authorities)
    {
        var current = authorities.Single(a => a is { Kind: AuthorityKind.Root, State: AuthorityState.Current });
        var other = authorities.LastOrDefault(a => a is { Kind: AuthorityKind.Root, State: AuthorityState.Next });
        var issuing = authorities.Single(a => a is { Kind: AuthorityKind.Issuing, State: AuthorityState.Current });
        // The registry has one word for the root that comes and the root that goes; their age tells them apart.
        var stage =
            other is null ? RotationStage.None
            : authorities.IndexOf(other) > authorities.IndexOf(current) ? RotationStage.Introduced
            : RotationStage.Switched;
        return new Rotation(stage, current, other, issuing);
    }

    /// <summary>
    /// The root that has signed the issuing CA in use: what a host that joins now can verify. While a root is rotated that is
    /// neither always the newest nor, for a moment, the one that is current.
    /// </summary>
    /// <param name="authorities">All authorities.</param>
    public static Authority Signer(ImmutableArray<Authority> authorities)
    {
        using var issuing = X509Certificate2.CreateFromPem(
            authorities.Single(a => a is { Kind: AuthorityKind.Issuing, State: AuthorityState.Current }).Pem
        );
        return authorities.Single(a => a.Kind == AuthorityKind.Root && a.State != AuthorityState.Retired && HasSigned(a, issuing));
    }

    // Every root has a subject of its own, which names its key.
    private static bool HasSigned(Authority root, X509Certificate2 issuing)
    {
        using var certificate = X509Certificate2.CreateFromPem(root.Pem);
        return certificate.SubjectName.RawData.AsSpan().SequenceEqual(issuing.IssuerName.RawData);
    }
}

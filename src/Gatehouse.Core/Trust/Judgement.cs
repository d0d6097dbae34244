using System.Diagnostics.CodeAnalysis;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Trust;

/// <summary>What a certificate is used for.</summary>
public enum Purpose
{
    /// <summary>It shows who calls.</summary>
    Client,

    /// <summary>It shows who answers.</summary>
    Server,
}

/// <summary>Why a certificate is not trusted: the codes of findings.</summary>
public static class Distrust
{
    /// <summary>It is of another cluster.</summary>
    public const string OtherCluster = "other-cluster";

    /// <summary>No CA of this cluster has signed it.</summary>
    public const string UnknownAuthority = "unknown-authority";

    /// <summary>It has expired, or a CA above it has.</summary>
    public const string Expired = "certificate-expired";

    /// <summary>It is not valid yet, or a CA above it is not; mostly a wrong clock.</summary>
    public const string Early = "certificate-early";

    /// <summary>It is revoked.</summary>
    public const string Revoked = "certificate-revoked";

    /// <summary>The issuing CA above it is revoked.</summary>
    public const string IssuerRevoked = "issuer-revoked";

    /// <summary>A revocation list was not made by the CA it names.</summary>
    public const string BadRevocationList = "revocation-list";

    /// <summary>It is not for this use.</summary>
    public const string WrongUse = "certificate-use";

    /// <summary>It is of another name than was asked for.</summary>
    public const string WrongName = "certificate-name";

    /// <summary>It is damaged, or made to look so.</summary>
    public const string Unreadable = "certificate-unreadable";

    /// <summary>It is not the certificate of a node.</summary>
    public const string NoNode = "certificate-identity";
}

/// <summary>Whether a certificate is trusted: who its node is, or why not.</summary>
/// <param name="Identity">Who it is; null when it is not trusted.</param>
/// <param name="Finding">Why not, with a code of <see cref="Distrust"/>; null when it is trusted.</param>
public sealed record Judgement(NodeIdentity? Identity, Finding? Finding)
{
    /// <summary>Whether it is trusted.</summary>
    [MemberNotNullWhen(true, nameof(Identity))]
    [MemberNotNullWhen(false, nameof(Finding))]
    public bool IsTrusted => Identity is not null;
}

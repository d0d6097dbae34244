using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Issuing;

/// <summary>What a node is and has when it is to be promoted.</summary>
/// <param name="HasEncryptionKey">Whether the cluster's encryption key is on it.</param>
/// <param name="HasIssuingKey">Whether the key of the issuing CA that signs now is on it.</param>
/// <param name="OldAnswers">Whether the issuer there is answers.</param>
internal sealed record Candidate(bool HasEncryptionKey, bool HasIssuingKey, bool OldAnswers);

/// <summary>Whether a node may become the issuer, and who is left behind when the old issuing CA is revoked.</summary>
internal static class PromotionRules
{
    /// <summary>Why the node may not become the issuer; null when it may.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The node's number.</param>
    /// <param name="candidate">What it is and has.</param>
    /// <param name="force">Whether the issuer there is may answer.</param>
    public static string? Refusal(ClusterView view, int number, Candidate candidate, bool force)
    {
        if (view.Node(number) is not { State: NodeState.Active } node)
            return "this node is no active member of the cluster; only such a one can become the issuer.";
        if (view.Cluster.Issuer == number && candidate.HasIssuingKey)
            return $"{node.Name} is the issuer already, since epoch {view.Cluster.Epoch}.";
        if (!NodeDuties.MayIssue(node.Profile))
            return $"{node.Name} has the profile {node.Profile}, and the issuer is a node that can hold the registry: "
                + $"{string.Join(", ", PlacementRules.BootstrapProfiles)}. Run it on one of those.";
        if (!candidate.HasEncryptionKey)
            return $"the cluster's encryption key is not on {node.Name} ({ClusterFiles.EncryptionKey}), and the issuer gives it to new "
                + $"members. Put there what was shown when the cluster was started, or promote another node.";
        if (view.Cluster.Issuer != number && candidate.OldAnswers && !force)
            return $"{view.Node(view.Cluster.Issuer)?.Name} is the issuer and answers. If its duty is to move all the same, run this with "
                + $"--force; it steps down by itself.";
        return null;
    }

    /// <summary>Members that have no certificate of the issuing CA which signs now.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="certificates">All certificates.</param>
    /// <param name="issuing">That CA's certificate, PEM.</param>
    public static ImmutableArray<ClusterNode> Behind(ClusterView view, IEnumerable<CertificateRecord> certificates, string issuing)
    {
        using var authority = X509Certificate2.CreateFromPem(issuing);
        var served = certificates.Where(c => c.Revoked is null && IsBy(c.Issued, authority)).Select(c => c.Node).ToHashSet();
        return [.. view.Members.Where(n => !served.Contains(n.Number)).OrderBy(n => n.Number)];
    }

    private static bool IsBy(IssuedCertificate issued, X509Certificate2 authority)
    {
        using var leaf = X509Certificate2.CreateFromPem(issued.Pem);
        return leaf.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData);
    }
}

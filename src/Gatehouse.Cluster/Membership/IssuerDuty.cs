using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Membership;

/// <summary>What the issuer has and nobody else.</summary>
internal static class IssuerDuty
{
    private static readonly string[] Held =
    [
        $"{ClusterFiles.Trust}/issuer.key",
        $"{ClusterFiles.Trust}/issuer.crt",
        ClusterFiles.EncryptionKeyToGive,
        ClusterFiles.SealedRootKey,
    ];

    private static readonly string[] InForce = ["/etc/gatehouse/pki/issuer.key", "/etc/gatehouse/pki/issuer.crt"];

    /// <summary>Gives it all up on a node that is not the issuer any more; what an apply put in place goes with the next one.</summary>
    /// <param name="files">The files of the membership.</param>
    /// <param name="me">This node.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="log">Is told.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task StepDownAsync(ClusterFiles files, LocalNode me, ClusterView view, IApplyLog log, CancellationToken ct)
    {
        if (view.Cluster.Issuer == me.Number || Array.TrueForAll(Held, path => files.Read(path) is null))
            return;
        log.Note($"{view.Node(view.Cluster.Issuer)?.Name} is the issuer since epoch {view.Cluster.Epoch}; this node steps down");
        foreach (var path in Held)
            await files.RemoveAsync(path, ct);
    }

    /// <summary>Gives it all up on an issuer whose cluster was restored elsewhere while it was away: its own registry does not know, and
    /// there is no next apply.</summary>
    /// <param name="files">The files of the membership.</param>
    /// <param name="log">Is told.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task AbandonAsync(ClusterFiles files, IApplyLog log, CancellationToken ct)
    {
        log.Note("The cluster was restored elsewhere and this node's issuing CA revoked; it steps down");
        foreach (var path in Held.Concat(InForce))
            await files.RemoveAsync(path, ct);
    }
}

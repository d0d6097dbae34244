using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Clusters;

/// <summary>What the issuer has and nobody else.</summary>
internal static class IssuerDuty
{
    private static readonly string[] Held = [$"{ClusterFiles.Trust}/issuer.key", $"{ClusterFiles.Trust}/issuer.crt", ClusterFiles.EncryptionKeyToGive, ClusterFiles.SealedRootKey];

    /// <summary>Gives it all up on a node that is not the issuer any more; what an apply put in place goes with the next one.</summary>
    /// <param name="files">The files of the membership.</param>
    /// <param name="me">This node.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="log">Is told.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task StepDownAsync(ClusterFiles files, LocalNode me, ClusterView view, IApplyLog log, CancellationToken ct)
    {
        if (view.Cluster.Issuer == me.Number || Array.TrueForAll(Held, path => files.Read(path) is null)) return;
        log.Note($"{view.Node(view.Cluster.Issuer)?.Name} is the issuer since epoch {view.Cluster.Epoch}; this node steps down");
        foreach (var path in Held) await files.RemoveAsync(path, ct);
    }
}

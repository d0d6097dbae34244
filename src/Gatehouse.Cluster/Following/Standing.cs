using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;

namespace Gatehouse.Cluster.Following;

/// <summary>Whether this node was removed. The registry does not let it in any more, but the list that says so is for everybody.</summary>
internal static class Standing
{
    /// <summary>What a removed node is told.</summary>
    public static string Removed(LocalNode me) =>
        $"node {me.Number} ({me.Name}) was removed from the cluster {me.ClusterName}. The gateway continues with its last settings. "
        + $"'gatehouse leave' ends its membership here; after that it can join again, or be a gateway of its own.";

    /// <summary>Asks the members that this node knows of. What they say is believed only as far as the cluster's CA has signed
    /// it.</summary>
    public static async Task<bool> IsRevokedAsync(LocalNode me, TimeProvider clock, CancellationToken ct)
    {
        using var own = Credentials.Read();
        if (Judge(own, [], clock) || await AskAsync(me, own, clock, ct))
            return true;
        // Right after a removal the members are just reading the new list.
        await Task.Delay(Timeouts.Revocations, clock, ct);
        return await AskAsync(me, own, clock, ct);
    }

    /// <summary>
    /// Whether the members that this node knows of have a list by which its issuing CA is revoked. A registry on its own disk would go on
    /// telling an issuer that it is one, although the cluster was restored from a backup elsewhere; the list tells it otherwise.
    /// </summary>
    public static async Task<bool> IsSupersededAsync(LocalNode me, TimeProvider clock, CancellationToken ct)
    {
        using var own = Credentials.Read();
        return await AskAsync(me, own, clock, ct);
    }

    private static async Task<bool> AskAsync(LocalNode me, Credentials own, TimeProvider clock, CancellationToken ct)
    {
        var others = ViewCache.Read()?.Members.Where(n => n.Number != me.Number) ?? [];
        var answers = await MemberQuery.AskAllAsync(
            others,
            node => AgentClient.Stranger(node.Address.ToString(), node.Port),
            async (client, limit) => Judge(own, (await client.RevocationsAsync(limit)).Lists, clock),
            Timeouts.Members,
            ct
        );
        return answers.Any(a => a.Answer);
    }

    private static bool Judge(Credentials own, IEnumerable<string> lists, TimeProvider clock)
    {
        var roots = string.Concat(own.Trust.Roots.Select(r => r.ExportCertificatePem() + "\n"));
        var store = TrustStore.Read(roots, string.Concat(own.Trust.RevocationLists.Select(l => l.Pem).Concat(lists)));
        return IsRevoked(store.Judge(own.Certificate, own.Context.IntermediateCertificates, clock.GetUtcNow(), Purpose.Client));
    }

    /// <summary>Whether a judgement is of a certificate that was revoked.</summary>
    public static bool IsRevoked(Judgement judgement) =>
        !judgement.IsTrusted && judgement.Finding.Code is Distrust.Revoked or Distrust.IssuerRevoked;
}

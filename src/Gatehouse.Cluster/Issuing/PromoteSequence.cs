using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Issuing;

/// <summary>What a promotion came to.</summary>
/// <param name="View">The cluster after it.</param>
/// <param name="IsComplete">Whether this node shows a certificate of the issuer; otherwise a database has yet to take it.</param>
/// <param name="Behind">Members that have no certificate of the new CA yet.</param>
/// <param name="Problem">Why this node is not as the cluster wants it; empty when it is.</param>
internal sealed record Promoted(ClusterView View, bool IsComplete, ImmutableArray<ClusterNode> Behind, string Problem);

/// <summary>
/// Makes this node the issuer: with the master token it opens the root's key, signs a new issuing CA, and moves the duty in
/// the registry to the next epoch. The old issuer steps down when it sees that epoch. Cut off, it goes on when it is run again.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class PromoteSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private readonly ClusterFiles files = new(machine);
    private readonly IssuingKey issuing = new(machine, clock, log);

    /// <summary>Promotes this node.</summary>
    /// <param name="me">This node.</param>
    /// <param name="token">The master token.</param>
    /// <param name="force">Whether also when the issuer there is answers.</param>
    /// <param name="revokeOld">Whether the issuing CAs before are revoked, and with them every certificate of theirs.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<Promoted> RunAsync(LocalNode me, MasterToken token, bool force, bool revokeOld, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        await using var registry = RegistryAccess.Open(me);
        var view = await ViewAsync(registry, ct);
        var authorities = await registry.AuthoritiesAsync(ct);
        var current = authorities.First(a => a is { Kind: AuthorityKind.Issuing, State: AuthorityState.Current });
        var isUnderWay = view.Cluster.Issuer == me.Number && issuing.IsPrepared(current);
        if (!isUnderWay && PromotionRules.Refusal(view, me.Number, await LookAsync(me, view, current, ct), force) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);

        await using var only = await registry.LockAsync(ClusterSequence.Promote, ct);
        using var root = RootAuthority.Open(
            authorities.First(a => a is { Kind: AuthorityKind.Root, State: AuthorityState.Current }),
            token,
            view.Cluster.Id
        );
        if (!isUnderWay)
        {
            log.Note("Making a new issuing CA, and moving the duty here");
            current = await issuing.PrepareAsync(root, ct);
            await registry.PromoteAsync(view.Cluster.Epoch, me.Number, token.PromotionProof(view.Cluster.Id), current, ct);
            view = await registry.ViewAsync(ct);
        }

        await issuing.FileListAsync(registry, view.Cluster.Epoch, ct);
        await issuing.TakeAsync(ct);
        await files.WriteForAgentAsync(ClusterFiles.EncryptionKeyToGive, new Secret(files.Read(ClusterFiles.EncryptionKey)!.Trim()), ct);
        await files.WriteSecretAsync(ClusterFiles.SealedRootKey, new Secret(root.Record.SealedKey!), ct);
        var (followed, isComplete) = await issuing.ComeIntoForceAsync(me, registry, view, ct);
        if (revokeOld)
            await RevokeAsync(me, registry, root, current, ct);
        view = await registry.ViewAsync(ct);
        return new Promoted(
            view,
            isComplete,
            PromotionRules.Behind(view, await registry.CertificatesAsync(ct), current.Pem),
            followed.Problem
        );
    }

    private static async Task<ClusterView> ViewAsync(ClusterRegistry registry, CancellationToken ct)
    {
        try
        {
            return await registry.ViewAsync(ct);
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
        {
            throw new SequenceException(
                ExitCodes.Failed,
                $"{e.Message}\nA promotion is written into the registry, so its database has to be there. If it was on the lost node "
                    + $"alone, bring that database back first, from its disk or from a backup.",
                e
            );
        }
    }

    private async Task<Candidate> LookAsync(LocalNode me, ClusterView view, Authority current, CancellationToken ct)
    {
        var key = files.Read(ClusterFiles.EncryptionKey) is { } text && EncryptionKey.TryRead(text.Trim(), out _, out _);
        return new Candidate(
            key,
            issuing.IsHere(current),
            view.Cluster.Issuer != me.Number && await AnswersAsync(view.Node(view.Cluster.Issuer)!, ct)
        );
    }

    private async Task<bool> AnswersAsync(ClusterNode issuer, CancellationToken ct)
    {
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        var asked = await MemberQuery.AskAllAsync(
            [issuer],
            node => AgentClient.Member(own, node, clock),
            async (client, limit) => await client.StatusAsync(limit) is not null,
            Timeouts.Members,
            ct
        );
        return asked[0].Answer;
    }

    // Members get their new certificates first: who has none when the old CA is revoked has to join again.
    private async Task RevokeAsync(LocalNode me, ClusterRegistry registry, RootAuthority root, Authority current, CancellationToken ct)
    {
        log.Note("Waiting for the members to have certificates of the new CA");
        await Poll.UntilAsync(
            async () => PromotionRules.Behind(await registry.ViewAsync(ct), await registry.CertificatesAsync(ct), current.Pem).IsEmpty,
            Timeouts.Follow,
            clock,
            ct
        );
        var view = await registry.ViewAsync(ct);
        var last = (await registry.RevocationListsAsync(ct)).FirstOrDefault(l => l.Authority == root.Record.Fingerprint);
        await registry.PutRevocationListAsync(
            view.Cluster.Epoch,
            root.Revoke(last, await registry.AuthoritiesAsync(ct), current.Fingerprint, clock.GetUtcNow()),
            ct
        );
        await new FollowSequence(machine, clock, log).RunAloneAsync(force: false, ct);
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        await Nudges.SendAsync(view.Members.Where(n => n.Number != me.Number), own, clock, ct);
    }
}

using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Issuing;

/// <summary>
/// Replaces the root CA in stages, and no member is without trust in any of them: the new root is trusted by all; it signs a new
/// issuing CA, and every member gets a certificate of that; then the old root is dropped. Cut off, it goes on when it is run again.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class RotateSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private readonly ClusterFiles files = new(machine);
    private readonly IssuingKey issuing = new(machine, clock, log);

    /// <summary>Makes the new root, has everybody trust it, and lets it sign.</summary>
    /// <param name="me">This node, the issuer.</param>
    /// <param name="token">The master token; it seals the new root's key too.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Members that have no certificate under the new root yet.</returns>
    public async Task<ImmutableArray<ClusterNode>> RunAsync(LocalNode me, MasterToken token, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var rotation = Rotation.Of(await registry.AuthoritiesAsync(ct));
        Expect(me, view, rotation);
        await using var only = await registry.LockAsync(ClusterSequence.Rotate, ct);
        if (rotation.Stage == RotationStage.None)
            rotation = await IntroduceAsync(registry, view, rotation, token, ct);
        await SwitchAsync(me, registry, view, rotation, token, ct);
        view = await registry.ViewAsync(ct);
        rotation = Rotation.Of(await registry.AuthoritiesAsync(ct));
        return PromotionRules.Behind(view, await registry.CertificatesAsync(ct), rotation.Issuing.Pem);
    }

    /// <summary>Drops the old root, when nobody needs it any more.</summary>
    /// <exception cref="SequenceException">Somebody does, or nothing is being rotated.</exception>
    public async Task FinishAsync(LocalNode me, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var rotation = Rotation.Of(await registry.AuthoritiesAsync(ct));
        Expect(me, view, rotation);
        if (rotation is not { Stage: RotationStage.Switched, Other: { } old })
            throw new SequenceException(
                ExitCodes.Refused,
                rotation.Stage == RotationStage.None
                    ? "no root CA is being rotated; 'gatehouse ca rotate' begins with that."
                    : "the new root CA does not sign yet; run 'gatehouse ca rotate' again first."
            );
        // By the new root alone: who shows a certificate of the old one, or does not answer, would be cut off.
        using var own = Credentials.Read(machine.Real(Credentials.Directory), rotation.Current.Pem);
        var behind = await WithoutAsync(view.Members, own, _ => true, ct);
        if (behind.Length > 0)
            throw new SequenceException(
                ExitCodes.Refused,
                $"the old root CA is still needed: {string.Join(", ", behind.Select(n => n.Name))} did not show a certificate under the "
                    + $"new one. Wait until they follow, or remove them ('gatehouse node remove'), and run this again."
            );
        log.Note("Dropping the old root CA");
        await registry.ChangeAuthorityAsync(view.Cluster.Epoch, old.Fingerprint, AuthorityState.Retired, ct);
        await FollowAsync(me, view, ct);
    }

    private void Expect(LocalNode me, ClusterView view, Rotation rotation)
    {
        if (view.Cluster.Issuer != me.Number)
            throw new SequenceException(
                ExitCodes.Refused,
                $"the root CA is rotated on the issuer: run this on {view.Node(view.Cluster.Issuer)?.Name}."
            );
        if (!issuing.IsHere(rotation.Issuing) && !issuing.IsPrepared(rotation.Issuing))
            throw new SequenceException(
                ExitCodes.Refused,
                "this node is the issuer, and its issuing CA's key is not here; 'gatehouse promote' makes a new one."
            );
    }

    private async Task<Rotation> IntroduceAsync(
        ClusterRegistry registry,
        ClusterView view,
        Rotation rotation,
        MasterToken token,
        CancellationToken ct
    )
    {
        // Another token than the one that opens the old root must not seal the new one.
        using (RootAuthority.Open(rotation.Current, token, view.Cluster.Id))
            log.Note("Making a new root CA, trusted beside the old one");
        using var key = NewTrust.NewKey();
        using var certificate = CertificateAuthority.MakeRoot(
            view.Cluster.Id,
            view.Cluster.Name,
            key,
            Issuer.NewSerial(),
            clock.GetUtcNow()
        );
        var closed = SealedKey.Seal(key, view.Cluster.Id, token, RandomNumberGenerator.GetBytes(SealedKey.RandomBytes)).ToString();
        await registry.AddAuthorityAsync(
            view.Cluster.Epoch,
            new Authority(
                Issuer.FingerprintOf(certificate),
                AuthorityKind.Root,
                AuthorityState.Next,
                certificate.ExportCertificatePem() + "\n",
                closed
            ),
            ct
        );
        return Rotation.Of(await registry.AuthoritiesAsync(ct));
    }

    // What of it a run before this one has done is seen by what is there.
    private async Task SwitchAsync(
        LocalNode me,
        ClusterRegistry registry,
        ClusterView view,
        Rotation rotation,
        MasterToken token,
        CancellationToken ct
    )
    {
        var comes = rotation.Stage == RotationStage.Introduced;
        using var root = RootAuthority.Open(comes ? rotation.Other! : rotation.Current, token, view.Cluster.Id);
        if (comes)
        {
            if ((await registry.RevocationListsAsync(ct)).All(l => l.Authority != root.Record.Fingerprint))
                await registry.PutRevocationListAsync(view.Cluster.Epoch, root.FirstList(clock.GetUtcNow()), ct);
            await FollowAsync(me, view, ct);
            await TrustedByAllAsync(view, root.Record, ct);
        }

        var current = rotation.Issuing;
        if (!root.HasSigned(current))
        {
            log.Note("Making a new issuing CA under it");
            current = await issuing.PrepareAsync(root, ct);
            await registry.AddAuthorityAsync(view.Cluster.Epoch, current, ct);
        }

        if (comes)
            await registry.ChangeAuthorityAsync(view.Cluster.Epoch, root.Record.Fingerprint, AuthorityState.Current, ct);
        if (!issuing.IsPrepared(current))
            return;
        await issuing.FileListAsync(registry, view.Cluster.Epoch, ct);
        await issuing.TakeAsync(ct);
        await files.WriteSecretAsync(ClusterFiles.SealedRootKey, new Secret(root.Record.SealedKey!), ct);
        await issuing.ComeIntoForceAsync(me, registry, await registry.ViewAsync(ct), ct);
    }

    private async Task TrustedByAllAsync(ClusterView view, Authority root, CancellationToken ct)
    {
        log.Note("Waiting until every member trusts it");
        using var certificate = X509Certificate2.CreateFromPem(root.Pem);
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        ImmutableArray<ClusterNode> behind = [];
        var areAll = await Poll.UntilAsync(
            async () => (behind = await WithoutAsync(view.Members, own, h => h.Roots.Any(r => IsSame(r, certificate)), ct)).IsEmpty,
            Timeouts.Follow,
            clock,
            ct
        );
        if (!areAll)
            throw new SequenceException(
                ExitCodes.Failed,
                $"the new root CA is made, and not yet trusted by {string.Join(", ", behind.Select(n => n.Name))}. The old one signs "
                    + $"on. When they follow again, or are removed, run 'gatehouse ca rotate' again."
            );
    }

    // The members that do not answer, or not so.
    private async Task<ImmutableArray<ClusterNode>> WithoutAsync(
        IEnumerable<ClusterNode> members,
        Credentials own,
        Func<Core.Clusters.Messages.Introduction, bool> isSo,
        CancellationToken ct
    )
    {
        var asked = await MemberQuery.AskAllAsync(
            members,
            node => AgentClient.Member(own, node, clock),
            async (client, limit) => isSo(await client.IntroductionAsync(limit)),
            Timeouts.Members,
            ct
        );
        return [.. asked.Where(a => !a.Answer).Select(a => a.Node)];
    }

    private async Task FollowAsync(LocalNode me, ClusterView view, CancellationToken ct)
    {
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        await Nudges.SendAsync(view.Members.Where(n => n.Number != me.Number), own, clock, ct);
        var followed = await new FollowSequence(machine, clock, log).RunAloneAsync(force: false, ct);
        if (followed.Problem.Length > 0)
            throw new SequenceException(ExitCodes.Failed, $"this node is not as the cluster wants it: {followed.Problem}");
    }

    private static bool IsSame(string pem, X509Certificate2 certificate)
    {
        using var other = X509Certificate2.CreateFromPem(pem);
        return other.RawData.AsSpan().SequenceEqual(certificate.RawData);
    }
}

using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Cluster.Quorum;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>What following came to.</summary>
/// <param name="View">The cluster.</param>
/// <param name="Settings">The settings version that is in force on this node now.</param>
/// <param name="Problem">Why this node is not as the cluster wants it; empty when it is.</param>
internal sealed record Followed(ClusterView View, long Settings, string Problem);

/// <summary>
/// Brings this member to what the registry holds, and takes nothing from anywhere else: whom to trust, its certificate, its
/// settings and peers, its orders. What it came to is recorded there. It runs as root, woken by the agent or by hand.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class FollowSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);
    private readonly NodeCertificate certificate = new(machine, clock, log);

    /// <summary>Follows.</summary>
    /// <param name="force">Whether also when nothing has changed.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<Followed> RunAsync(bool force, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        return await RunAloneAsync(force, ct, repairs: force);
    }

    /// <summary>Follows, for who holds the lock of the cluster's work on this host.</summary>
    /// <param name="force">Whether also when nothing has changed.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="repairs">Whether a replica of the registry that does not follow is copied anew at once; otherwise it has time to mend
    /// by itself.</param>
    public async Task<Followed> RunAloneAsync(bool force, CancellationToken ct, bool repairs = false)
    {
        var me = files.Node ?? throw new SequenceException(ExitCodes.Refused, "this host is no member of a cluster.");
        // Whatever ends this early is tried again by the timer's next look.
        await files.RemoveAsync(ClusterFiles.Settled, ct);
        var isBack = false;
        if (await certificate.RenewLapsedAsync(me, ct))
            isBack = await ApplyInForceAsync("this node has a certificate that is good again", ct);
        if (await new QuorumSequence(machine, clock, log).RefoundAsync(me, ct))
            isBack = await ApplyInForceAsync("the election of the primary starts anew", ct);
        await using var registry = RegistryAccess.Open(me);
        if (isBack)
            await WritableAsync(registry, ct);
        var view = await ViewAsync(me, registry, ct);
        Guard(me, view);
        // Asked meanwhile: a member that does not answer holds nothing up.
        var superseded = view.Cluster.Issuer == me.Number ? Standing.IsSupersededAsync(me, clock, ct) : Task.FromResult(false);
        await files.WriteViewAsync(view, ct);
        await IssuerDuty.StepDownAsync(files, me, view, log, ct);
        await certificate.FileAsync(me, registry, view, ct);
        var renewed = await certificate.RenewAsync(me, registry, view, force: false, ct);
        force |= await WithdrawOrphanAsync(me, registry, ct);
        await DecideAsync(registry, view, ct);
        view = await registry.ViewAsync(ct);
        var problem = "";
        // Before an apply, which verifies the registry here: with a replica that does not follow, it would be put back.
        if (repairs)
            await new ReplicaRepair(machine, clock, log).RunAsync(me, registry, force: true, ct);
        force |= me.Followed == view.Fingerprint() && LostNames(me, view);
        if (force || renewed || me.Followed != view.Fingerprint())
            (me, problem) = await ApplyAsync(me, registry, view, ct);
        await QuarantineDuty.RunAsync(machine, me, view, registry, log, ct);
        // A database that did not take the certificate of a new CA may do so since that apply.
        if (certificate.IsAwaited && await certificate.RenewAsync(me, registry, view, force: false, ct))
            (me, problem) = await ApplyAsync(me, registry, view, ct);
        if (problem.Length == 0)
            await new PatroniControl(machine, clock, log).RestartIfNeededAsync(me, registry, ct);
        if (problem.Length == 0)
            problem = await new ReplicaRepair(machine, clock, log).RunAsync(me, registry, repairs, ct);
        await DecideAsync(registry, view, ct);
        (me, problem) = await CommandsAsync(me, problem, registry, view, ct);
        // After the orders, which have a deadline: another node's vote may be waited for.
        var quorum = new QuorumSequence(machine, clock, log);
        if (problem.Length == 0)
            problem = await quorum.RunAsync(
                me,
                registry,
                async () => (await ApplyAsync(files.Node!, registry, await registry.ViewAsync(ct), ct)).Item2,
                waits: false,
                ct
            );
        me = files.Node ?? me;
        if (await superseded)
        {
            await IssuerDuty.AbandonAsync(files, log, ct);
            throw new SequenceException(ExitCodes.Refused, Standing.Removed(me));
        }

        if (problem.Length == 0 && !quorum.IsWaiting)
            await files.WritePublicAsync(ClusterFiles.Settled, "", ct);
        return new Followed(view, me.SettingsVersion, problem);
    }

    /// <summary>This node's settings: the cluster's of a version, overlaid by its own, with its peers.</summary>
    public async Task<Answers> AnswersAsync(LocalNode me, ClusterRegistry registry, ClusterView view, long version, CancellationToken ct)
    {
        var settings =
            await registry.SettingsAsync(version, ct)
            ?? throw new SequenceException(ExitCodes.Failed, $"the registry holds no settings version {version}.");
        var (cluster, own) = (apply.Read(settings.Answers, "the cluster's settings"), await OwnAsync(me, registry, ct));
        if (ApprovalRules.Refusal(settings, cluster) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
        apply.RequireShared(
            cluster,
            own,
            $"settings version {version}{(view.Node(settings.Author) is { } author ? $", which {author.Name} proposed," : "")}"
        );
        return EffectiveAnswers.Compose(cluster, own, view, me.Number);
    }

    /// <summary>This node's own answers.</summary>
    public async Task<Answers> OwnAsync(LocalNode me, ClusterRegistry registry, CancellationToken ct)
    {
        var inForce = files.Read(AnswersInForce.Path) is { } text ? apply.Read(text, AnswersInForce.Path) : None;
        // A member of an older release did not file them when it joined.
        if (await registry.NodeAnswersAsync(me.Number, ct) is not { Length: > 0 } filed)
            return EffectiveAnswers.Part(apply.Screens, inForce, None).Node;
        var own = apply.Read(filed, "this node's answers");
        return own with
        {
            Values = ImmutableSortedDictionary
                .CreateRange(StringComparer.Ordinal, SharedAnswers.Paths(apply.Screens, inForce))
                .SetItems(own.Values),
        };
    }

    /// <summary>Opens the secrets of this node's duties into files that its settings name.</summary>
    public async Task OpenSecretsAsync(ClusterRegistry registry, CancellationToken ct)
    {
        if (files.Read(ClusterFiles.EncryptionKey) is not { } text)
            return;
        if (!EncryptionKey.TryRead(text, out var key, out var problem))
            throw new SequenceException(ExitCodes.Failed, $"{ClusterFiles.EncryptionKey} cannot be read: {problem}.");
        var profile = Core.Screens.Profile.Find(files.Node!.Profile)!;
        var secrets = await SharedSecrets.CompleteAsync(registry, await registry.SecretsAsync(ct), key, profile, ct);
        await OpenedSecrets.WriteAsync(machine, profile, [.. secrets.Select(s => (s.Name, s.Sealed))], key, log, ct);
    }

    // While there is no registry to ask.
    private async Task<bool> ApplyInForceAsync(string why, CancellationToken ct)
    {
        if (files.Read(AnswersInForce.Path) is not { } text)
            return false;
        var (line, _, node) = await apply.RenderAsync(apply.Read(text, AnswersInForce.Path), ct);
        MemberApply.Expect(await apply.ApplyAsync(line, node, why, ct));
        return true;
    }

    // After a vote or a certificate that is new, a database takes a moment until it takes writes again.
    private async Task WritableAsync(ClusterRegistry registry, CancellationToken ct)
    {
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    await registry.ViewAsync(ct);
                    return true;
                }
                catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
                {
                    return false;
                }
            },
            Timeouts.Primary,
            clock,
            ct
        );
    }

    // A removed node is not let in to be told; it finds itself on the list of the revoked.
    private async Task<ClusterView> ViewAsync(LocalNode me, ClusterRegistry registry, CancellationToken ct)
    {
        try
        {
            var view = await registry.ViewAsync(ct);
            // Not every migration changes what a view is read from.
            if (PatroniControl.IsCopy(me.Profile) && await registry.IsOlderAsync(ct))
                await MigrateAsync(me, ct);
            return view;
        }
        catch (RegistryException e)
        {
            if (e.Failure == RegistryFailure.Schema && await MigrateAsync(me, ct))
                return await registry.ViewAsync(ct);
            if (!await Standing.IsRevokedAsync(me, clock, ct))
                throw;
            await SharedPlaces.GiveUpAsync(machine, ct);
            throw new SequenceException(ExitCodes.Refused, Standing.Removed(me));
        }
    }

    // Made by an older release. Whoever has the one that takes writes brings it to this one's.
    private async Task<bool> MigrateAsync(LocalNode me, CancellationToken ct)
    {
        if (Core.Screens.Profile.Find(me.Profile)?.Has("database") != true)
            return false;
        try
        {
            await using var local = ClusterRegistry.OpenLocal();
            if (await local.MigrateAsync(ct) is > 0 and var steps)
                log.Note($"the registry was brought to this release ({steps} steps)");
            return true;
        }
        catch (RegistryException)
        {
            return false;
        }
    }

    // A registry that was put back to an earlier state, or is another cluster's, is not followed.
    private static void Guard(LocalNode me, ClusterView view)
    {
        if (FollowRules.Refusal(me, view, "the database") is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
    }

    private async Task<(LocalNode, string Problem)> ApplyAsync(
        LocalNode me,
        ClusterRegistry registry,
        ClusterView view,
        CancellationToken ct
    )
    {
        var wanted = view.WantedSettings;
        try
        {
            await OpenSecretsAsync(registry, ct);
            var (line, _, node) = await apply.RenderAsync(await AnswersAsync(me, registry, view, wanted, ct), ct);
            var result = await apply.ApplyAsync(line, node, $"cluster settings {wanted}", ct);
            MemberApply.Expect(result);
            me = LocalRecord.Of(view, view.Node(me.Number)!, wanted, view.Fingerprint(), MemberApply.Running(node));
            await files.WriteNodeAsync(me, ct);
            await registry.RecordSettingsResultAsync(wanted, true, "", wanted, ct);
            await registry.BeatAsync(Release.Version, wanted, "{}", ct);
            return (me, "");
        }
        catch (Exception e) when (e is SequenceException or MachineException)
        {
            await registry.RecordSettingsResultAsync(wanted, false, e.Message, me.SettingsVersion, ct);
            return (me, e.Message);
        }
    }

    // A change that was begun here and cut off, by a kill or power loss, must not bar the next one. What it did here is taken back.
    private async Task<bool> WithdrawOrphanAsync(LocalNode me, ClusterRegistry registry, CancellationToken ct)
    {
        if (
            (await registry.SettingsHistoryAsync(1, ct)).FirstOrDefault() is not { State: SettingsState.Trying } newest
            || newest.Author != me.Number
        )
            return false;
        using var only = ProposalLock.TryTake(machine);
        if (only is null)
            return false;
        log.Note($"settings version {newest.Number} was cut off while it was tried here; it is withdrawn");
        return await registry.MarkSettingsAsync(newest.Number, SettingsState.Trying, SettingsState.Withdrawn, $"cut off on {me.Name}", ct);
    }

    // Provisioning tools write the hosts file anew at each boot. Without the others' names a member finds neither their etcd nor their
    // queue.
    private bool LostNames(LocalNode me, ClusterView view)
    {
        var lost = HostNames.Missing(files.Read(HostNames.Path), view, me.Number);
        if (lost.IsEmpty)
            return false;
        log.Note($"{HostNames.Path} no longer names {string.Join(", ", lost)}; it is written anew");
        return true;
    }

    // Whoever looks moves a version on; the registry lets only one of them do it.
    internal static async Task DecideAsync(ClusterRegistry registry, ClusterView view, CancellationToken ct)
    {
        var newest = (await registry.SettingsHistoryAsync(1, ct)).FirstOrDefault();
        if (newest is not { State: SettingsState.Following })
            return;
        var absent = view.Members.Where(view.IsAbsent).Select(n => n.Number).ToHashSet();
        var decision = Rollout.Decide(newest, view.Nodes, await registry.SettingsResultsAsync(newest.Number, ct), absent);
        if (decision.State == newest.State)
            return;
        try
        {
            await registry.MarkSettingsAsync(newest.Number, newest.State, decision.State, decision.Reason, ct);
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.NotAllowed)
        {
            // A member returned or reported between the reading and the decision. The next look decides by what is known then.
        }
    }

    private async Task<(LocalNode, string Problem)> CommandsAsync(
        LocalNode me,
        string problem,
        ClusterRegistry registry,
        ClusterView view,
        CancellationToken ct
    )
    {
        foreach (var command in await registry.PendingCommandsAsync(me.Number, ct))
        {
            if (command.Kind == NodeCertificate.Order && clock.GetUtcNow() <= command.Deadline)
            {
                if (await certificate.RenewAsync(me, registry, view, force: true, ct))
                    (me, problem) = await ApplyAsync(me, registry, view, ct);
                else
                    problem = "the certificate could not be renewed; the journal of gatehouse-follow.service says why";
                await registry.RecordCommandResultAsync(
                    command.Number,
                    problem.Length == 0 ? CommandState.Done : CommandState.Failed,
                    problem,
                    ct
                );
                continue;
            }

            var (state, output) = await CarryOutAsync(command, ct);
            await registry.RecordCommandResultAsync(command.Number, state, output, ct);
        }

        return (me, problem);
    }

    // In the name of the one that ordered it, as far as this order goes.
    private async Task<(CommandState State, string Output)> CarryOutAsync(ClusterCommand command, CancellationToken ct)
    {
        Administrator.ActFor(ClusterOrders.Behind(command.By));
        return await ClusterOrders.CarryOutAsync(command, machine, clock, ct);
    }

    private static Answers None { get; } = new("node", ImmutableSortedDictionary<string, Node>.Empty);
}

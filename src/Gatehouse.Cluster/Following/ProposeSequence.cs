using System.Collections.Immutable;
using System.Diagnostics;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>
/// Changes settings of a cluster from one of its members: they are tried here, then followed by the others; if they fail
/// anywhere, everybody goes back to the version before. What belongs to this node alone changes here alone.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class ProposeSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);
    private readonly FollowSequence follow = new(machine, clock, log);

    /// <summary>Changes the settings to what was edited on this member.</summary>
    /// <param name="edited">All answers of this node after the edit.</param>
    /// <param name="settings">What they resolve to.</param>
    /// <param name="ct">Cancels while it is tried here; afterwards it goes its way.</param>
    public async Task<ApplyResult> RunAsync(Answers edited, GatewaySettings settings, CancellationToken ct)
    {
        var me = files.Node ?? throw new SequenceException(ExitCodes.Refused, "this host is no member of a cluster.");
        await BackendPreflight.RequireAsync(settings.Backend, ct);
        using var only =
            ProposalLock.TryTake(machine)
            ?? throw new SequenceException(ExitCodes.Refused, "settings are being changed on this node already; wait until that is done.");
        await using var registry = RegistryAccess.Open(me);
        ApplyResult result;
        long version;
        ApprovalMode needed;
        // Nothing is followed here meanwhile: it would be the version before.
        using (await ClusterLock.TakeAsync(machine, ct))
            (result, version, needed) = await ChangeAsync(me, registry, edited, settings, ct);
        if (version == 0 || result.Outcome is not (Outcome.Applied or Outcome.Nothing))
            return result;
        // Without the lock: other changes to the cluster are followed here meanwhile, and nobody is cut off for half an hour.
        if (needed != ApprovalMode.None && await AwaitAsync(me, registry, version, needed, result, ct) is { } refused)
            return refused;
        return await SpreadAsync(registry, version, result);
    }

    // Null when it was approved. What was followed here meanwhile may have put this node back to the version before, so it follows in
    // either case.
    private async Task<ApplyResult?> AwaitAsync(
        LocalNode me,
        ClusterRegistry registry,
        long version,
        ApprovalMode needed,
        ApplyResult here,
        CancellationToken ct
    )
    {
        var why = await new ApprovalWait(registry, clock, log).RunAsync(version, needed, me.Name, ct);
        if (why.Length > 0)
            log.Note("Going back to the version before");
        var now = await follow.RunAsync(true, CancellationToken.None);
        if (why.Length == 0)
            return null;
        return new ApplyResult(
            now.Problem.Length == 0 ? Outcome.RolledBack : Outcome.Broken,
            here.Generation,
            $"settings version {version}: {why}{(now.Problem.Length == 0 ? "" : $"\n{now.Problem}")}"
        );
    }

    // The version is 0 when nothing but this node's own settings changed.
    private async Task<(ApplyResult Result, long Version, ApprovalMode Needed)> ChangeAsync(
        LocalNode me,
        ClusterRegistry registry,
        Answers edited,
        GatewaySettings settings,
        CancellationToken ct
    )
    {
        var view = await registry.ViewAsync(ct);
        var basis =
            await registry.SettingsAsync(view.WantedSettings, ct)
            ?? throw new SequenceException(ExitCodes.Failed, "the registry holds no settings.");
        var own = await follow.OwnAsync(me, registry, ct);
        var before = apply.Read(basis.Answers, "the cluster's settings");
        var (cluster, node) = EffectiveAnswers.Part(apply.Screens, edited, own);
        Guard(edited, me);
        // A name that was never used: one of a version that was withdrawn is taken, and one that can be guessed could be taken by another
        // member.
        (cluster, node, var secrets) = Seal(
            cluster,
            node,
            settings,
            $"-{basis.Number + 1}-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(8, lowercase: true)}"
        );

        if (apply.Write(cluster) == apply.Write(before))
            return (await ChangeSelfAsync(me, registry, view, basis, node, ct), 0, ApprovalMode.None);
        foreach (var secret in secrets)
            await registry.PutSecretAsync(secret, ct);
        var version = await registry.ProposeSettingsAsync(
            basis.Number,
            apply.Write(cluster),
            ApprovalRules.ModeOf(cluster) ?? ApprovalMode.None,
            ct
        );
        log.Note($"Settings version {version}: trying it on this node first");
        var result = await TryAsync(me, registry, view, version, basis.Approval, cluster, node, ct);
        if (result.Outcome is Outcome.Applied or Outcome.Nothing)
        {
            await registry.PutNodeAnswersAsync(apply.Write(node), CancellationToken.None);
            await MoveAsync(registry, view, me, node, CancellationToken.None);
        }

        return (result, version, basis.Approval);
    }

    // Who a node is stands in its certificate.
    private static void Guard(Answers edited, LocalNode me)
    {
        if (edited.Text("system.name") is { } name && name != me.Name)
            throw new SequenceException(
                ExitCodes.BadInput,
                $"a member keeps its name: this is {me.Name}, and the answers say {name}. To rename it, remove it and let it join again."
            );
        if (edited.Text("system.profile") is { } profile && profile != me.Profile)
            throw new SequenceException(
                ExitCodes.BadInput,
                $"a member keeps its profile: this is a {me.Profile}, and the answers say {profile}. To change it, remove it and let it "
                    + $"join again."
            );
    }

    private (Answers Cluster, Answers Node, ImmutableArray<Registry.SealedSecret> Secrets) Seal(
        Answers cluster,
        Answers node,
        GatewaySettings settings,
        string suffix
    )
    {
        if (files.Read(ClusterFiles.EncryptionKey) is not { } text || !EncryptionKey.TryRead(text, out var key, out _))
            return (cluster, node, []);
        var (answers, secrets) = SecretSealer.Seal(machine, apply.Screens, cluster, settings, key, suffix);
        return (answers, node, secrets);
    }

    private async Task<ApplyResult> ChangeSelfAsync(
        LocalNode me,
        ClusterRegistry registry,
        ClusterView view,
        SettingsVersion basis,
        Answers node,
        CancellationToken ct
    )
    {
        log.Note("Only this node's own settings change");
        var cluster = apply.Read(basis.Answers, "the cluster's settings");
        var (line, _, rendered) = await apply.RenderAsync(EffectiveAnswers.Compose(cluster, node, Placed(view, me, node), me.Number), ct);
        var result = await apply.ApplyAsync(line, rendered, "this node's settings", ct);
        if (result.Outcome is Outcome.Applied or Outcome.Nothing)
        {
            await registry.PutNodeAnswersAsync(apply.Write(node), CancellationToken.None);
            await MoveAsync(registry, view, me, node, CancellationToken.None);
        }

        return result;
    }

    // The cluster with this node where its edited answers say.
    private static ClusterView Placed(ClusterView view, LocalNode me, Answers node) =>
        System.Net.IPAddress.TryParse(node.Text("system.address"), out var address) ? view.Moved(me.Number, address) : view;

    private static async Task MoveAsync(ClusterRegistry registry, ClusterView view, LocalNode me, Answers node, CancellationToken ct)
    {
        var before = view.Node(me.Number)!;
        var address = Placed(view, me, node).Node(me.Number)!.Address;
        var location = node.Text("system.location") ?? before.Location;
        if (!address.Equals(before.Address) || location != before.Location)
            await registry.MoveSelfAsync(new NodePlace(address, before.Port, location), ct);
    }

    private async Task<ApplyResult> TryAsync(
        LocalNode me,
        ClusterRegistry registry,
        ClusterView view,
        long version,
        ApprovalMode needed,
        Answers cluster,
        Answers node,
        CancellationToken ct
    )
    {
        ApplyResult result;
        try
        {
            await follow.OpenSecretsAsync(registry, ct);
            var (line, _, rendered) = await apply.RenderAsync(
                EffectiveAnswers.Compose(cluster, node, Placed(view, me, node), me.Number),
                ct
            );
            result = await apply.ApplyAsync(line, rendered, $"cluster settings {version}", ct);
            if (result.Outcome is Outcome.Applied or Outcome.Nothing)
            {
                await registry.RecordSettingsResultAsync(version, true, "", version, CancellationToken.None);
                if (needed != ApprovalMode.None)
                    return result;
                await registry.MarkSettingsAsync(version, SettingsState.Trying, SettingsState.Following, "", CancellationToken.None);
                var now = await registry.ViewAsync(CancellationToken.None);
                await files.WriteNodeAsync(
                    LocalRecord.Of(now, now.Node(me.Number)!, version, now.Fingerprint(), MemberApply.Running(rendered)),
                    CancellationToken.None
                );
                return result;
            }
        }
        catch (Exception e) when (e is SequenceException or MachineException or OperationCanceledException)
        {
            await WithdrawAsync(registry, me, version, e.Message);
            throw;
        }

        await WithdrawAsync(registry, me, version, result.Problem);
        return result;
    }

    private static async Task WithdrawAsync(ClusterRegistry registry, LocalNode me, long version, string why)
    {
        await registry.RecordSettingsResultAsync(version, false, why, me.SettingsVersion, CancellationToken.None);
        await registry.MarkSettingsAsync(
            version,
            SettingsState.Trying,
            SettingsState.Withdrawn,
            $"failed on {me.Name}: {why}",
            CancellationToken.None
        );
    }

    // The others follow by themselves; here it is only watched, and decided when nobody else has.
    private async Task<ApplyResult> SpreadAsync(ClusterRegistry registry, long version, ApplyResult here)
    {
        var start = Stopwatch.GetTimestamp();
        var told = new HashSet<int>();
        log.Note("Verified here; the other members follow");
        while (Stopwatch.GetElapsedTime(start) < Timeouts.Change)
        {
            var view = await registry.ViewAsync(CancellationToken.None);
            await FollowSequence.DecideAsync(registry, view, CancellationToken.None);
            foreach (var said in await registry.SettingsResultsAsync(version, CancellationToken.None))
                if (told.Add(said.Node))
                    log.Note(
                        $"  {(said.Applied ? "ok    " : "failed")} "
                            + $"{view.Node(said.Node)?.Name}{(said.Applied ? "" : $": {said.Message.Split('\n')[0]}")}"
                    );
            switch (await registry.SettingsAsync(version, CancellationToken.None))
            {
                case { State: SettingsState.Good } good:
                    if (good.Note.Length > 0)
                        log.Note(good.Note);
                    return here;
                case { State: SettingsState.Withdrawn } withdrawn:
                    log.Note("Going back to the version before, everywhere");
                    var back = await follow.RunAsync(true, CancellationToken.None);
                    return new ApplyResult(
                        back.Problem.Length == 0 ? Outcome.RolledBack : Outcome.Broken,
                        here.Generation,
                        $"settings version {version} {withdrawn.Note}{(back.Problem.Length == 0 ? "" : $"\n{back.Problem}")}"
                    );
            }

            await Task.Delay(Pause, clock, CancellationToken.None);
        }

        log.Note("Not every member has followed yet; they go on by themselves, and 'gatehouse status' shows how far they are.");
        return here;
    }
}

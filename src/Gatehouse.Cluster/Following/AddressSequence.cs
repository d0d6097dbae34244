using System.Collections.Immutable;
using System.Net;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>What became of a change of address.</summary>
/// <param name="View">The cluster after it.</param>
/// <param name="Behind">Members that have not followed yet.</param>
/// <param name="Problem">Why this node is not as the cluster wants it; empty when it is.</param>
internal sealed record AddressChanged(ClusterView View, ImmutableArray<ClusterNode> Behind, string Problem);

/// <summary>
/// Gives this member another address. First the registry knows both, the new one and the one there was, so that members let it
/// come from either; then this node gets a certificate for the new one and is set up by it; then it waits until the members
/// have followed. Each step finds out whether it is done: cut off, it goes on when it is run again.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class AddressSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);

    /// <summary>Changes the address.</summary>
    /// <param name="address">The new one.</param>
    /// <param name="ct">Ends it between two steps.</param>
    /// <exception cref="SequenceException">Another member has it, or nobody could be told.</exception>
    public async Task<AddressChanged> RunAsync(IPAddress address, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        var me = files.Node ?? throw new SequenceException(ExitCodes.Refused, "this host is no member of a cluster.");
        log.Note($"Telling the cluster that {me.Name} is at {address} from now on");
        var view = await MoveAsync(me, address, ct);
        // The databases first: this node's own may be among them.
        me = LocalRecord.Of(view, view.Node(me.Number)!, me.SettingsVersion, me.Followed, me.Units);
        await files.WriteNodeAsync(me, ct);
        var follow = new FollowSequence(machine, clock, log);
        var followed = await follow.RunAloneAsync(force: true, ct);
        if (followed.Problem.Length == 0)
            await AnswerAsync(follow, address, ct);
        log.Note("Waiting until the members know it");
        return new AddressChanged(followed.View, await BehindAsync(me, ct), followed.Problem);
    }

    private async Task<ClusterView> MoveAsync(LocalNode me, IPAddress address, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(Near(me));
        try
        {
            var view = Judged(me, await registry.ViewAsync(ct), address);
            var node = view.Node(me.Number)!;
            if (node.Address.Equals(address))
                return view;
            await registry.MoveSelfAsync(new NodePlace(address, node.Port, node.Location), ct);
            return await registry.ViewAsync(ct);
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
        {
            return await MoveByIssuerAsync(me, registry, address, e, ct);
        }
    }

    // The databases' firewall does not know the new address, and the old one may be gone from this host already; the issuer's
    // agent hears whoever has a certificate.
    private async Task<ClusterView> MoveByIssuerAsync(
        LocalNode me,
        ClusterRegistry registry,
        IPAddress address,
        RegistryException cause,
        CancellationToken ct
    )
    {
        if (
            ViewCache.Read(machine.Real(ViewCache.Path)) is not { } last
            || last.Node(last.Cluster.Issuer) is not { } issuer
            || issuer.Number == me.Number
        )
            throw new SequenceException(ExitCodes.Failed, $"nobody can be told: {cause.Message}", cause);
        Judged(me, last, address);
        log.Note($"  the registry does not answer; telling the issuer, {issuer.Name}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Timeouts.FollowApply);
        try
        {
            using var own = Credentials.Read(machine.Real(Credentials.Directory));
            using (var client = AgentClient.Member(own, issuer, clock))
                await client.MoveAsync(new MoveRequest(address.ToString()), limit.Token);
            while (true)
            {
                try
                {
                    return await registry.ViewAsync(limit.Token);
                }
                catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
                {
                    // Until its host has followed.
                    await Task.Delay(Timeouts.Pause, clock, limit.Token);
                }
            }
        }
        catch (AgentException e)
        {
            throw new SequenceException(e.Refusal is null ? ExitCodes.Failed : ExitCodes.Refused, $"{e.Message}\n{cause.Message}", e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SequenceException(
                ExitCodes.Failed,
                $"{cause.Message}\nThe issuer was told of the new address where it could be; run this again.",
                cause
            );
        }
    }

    private static ClusterView Judged(LocalNode me, ClusterView view, IPAddress address) =>
        FollowRules.Refusal(me, view, "the registry") is { } refusal ? throw new SequenceException(ExitCodes.Refused, refusal)
        : AddressRules.Refusal(view, me.Number, address) is { } taken ? throw new SequenceException(ExitCodes.Refused, taken)
        : view;

    // A database node reaches its own database whatever its address is.
    private static LocalNode Near(LocalNode me) =>
        Profile.Find(me.Profile)?.Roles.Contains("database") == true
            ? me with
            {
                Databases = me.Databases.Insert(0, IPAddress.Loopback.ToString()),
            }
            : me;

    // The answers of this node say it too, for whoever reads or edits them.
    private async Task AnswerAsync(FollowSequence follow, IPAddress address, CancellationToken ct)
    {
        var me = files.Node!;
        await using var registry = RegistryAccess.Open(me);
        var own = await follow.OwnAsync(me, registry, ct);
        await registry.PutNodeAnswersAsync(
            apply.Write(
                own with
                {
                    Values = own.Values.SetItem("system.address", new Scalar(new Origin("address", 1, 1), address.ToString(), true)),
                }
            ),
            ct
        );
    }

    private async Task<ImmutableArray<ClusterNode>> BehindAsync(LocalNode me, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(files.Node ?? me);
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        await Nudges.SendAsync((await registry.ViewAsync(ct)).Members.Where(n => n.Number != me.Number), own, clock, ct);
        ImmutableArray<ClusterNode> behind = [];
        await Poll.UntilAsync(
            async () => (behind = await BehindAsync(me, await registry.ViewAsync(ct), own, ct)).IsEmpty,
            Timeouts.FollowApply,
            clock,
            ct
        );
        return behind;
    }

    private async Task<ImmutableArray<ClusterNode>> BehindAsync(LocalNode me, ClusterView view, Credentials own, CancellationToken ct)
    {
        var fingerprint = view.Fingerprint();
        var asked = await MemberQuery.AskAllAsync(
            view.Members.Where(n => n.Number != me.Number && n.State == NodeState.Active),
            node => AgentClient.Member(own, node, clock),
            async (client, limit) => (await client.StatusAsync(limit)).Followed == fingerprint,
            Timeouts.Members,
            ct
        );
        return [.. asked.Where(a => !a.Answer).Select(a => a.Node)];
    }
}

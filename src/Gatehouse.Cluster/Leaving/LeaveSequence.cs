using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quorum;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Leaving;

/// <summary>Ends the membership of this host, under the lock of <see cref="ClusterLock"/>. What it does as a gateway goes on.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class LeaveSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private const string QueueScript = "/etc/rabbitmq/gatehouse/settle";
    private static readonly string[] Copy = ["patroni.service", EtcdControl.Unit, "gatehouse-primary.service", "pgbouncer.service"];
    private static readonly string[] Units = ["gatehouse-agent.service", "gatehouse-follow.path", "gatehouse-follow.timer"];

    // Last the record that makes this host a member: until then, running it again goes on.
    private static readonly string[] Own =
    [
        "/etc/gatehouse/pki/issuer.key",
        "/etc/gatehouse/pki/issuer.crt",
        ClusterFiles.SealedRootKey,
        ClusterFiles.EncryptionKeyToGive,
        ClusterFiles.EncryptionKey,
        "/etc/gatehouse/pki/node.key",
        "/etc/gatehouse/pki/node.crt",
        "/etc/gatehouse/pki/cluster.crl",
        "/etc/gatehouse/pki/cluster-ca.pem",
        ViewCache.Path,
        LocalNode.Path,
    ];

    private bool HasQueue => File.Exists(machine.Real(QueueScript));

    /// <summary>Tells the registry and has the issuer remove this node.</summary>
    /// <exception cref="SequenceException">It is the issuer, or holds the registry.</exception>
    public async Task DepartAsync(LocalNode me, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        if (view.Node(me.Number) is not { } node || node.State == NodeState.Removed)
            return;
        var isCopy = PatroniControl.IsCopy(node.Profile);
        if (isCopy && node.Number != view.Cluster.Issuer)
            await new PatroniControl(machine, clock, log).MoveAwayAsync(node, registry, ct);
        if (RemovalRules.Refusal(view with { Nodes = [node] }, node, await registry.HostAsync(ct)) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
        log.Note("Leaving the cluster");
        try
        {
            await LeaveQueueAsync(ct);
            await registry.LeaveAsync(ct);
            if (isCopy)
                await HandOverAsync(me, registry, ct);
            await RemoveSequence.RunAsync(machine, me, view, node, "it left", clock, ct);
        }
        catch when (HasQueue)
        {
            await machine.RunAsync(
                Invocation.Of(["systemctl", "restart", "rabbitmq-server.service", "gatehouse-queues.service"]),
                null,
                CancellationToken.None
            );
            throw;
        }
    }

    // As long as this node is on its way out, the others know where it is, and take its vote over.
    private async Task HandOverAsync(LocalNode me, ClusterRegistry registry, CancellationToken ct)
    {
        var quorum = new QuorumSequence(machine, clock, log);
        await quorum.RunAsync(me, registry, () => Task.FromResult(""), waits: true, ct);
        if (quorum.HasVote)
            throw new SequenceException(
                ExitCodes.Failed,
                "the other database nodes have not taken this node's vote over yet, and without it the registry would take no writes. Run "
                    + "it again; 'gatehouse status' tells whether they are well."
            );
    }

    // Of two nodes, the other stops as soon as it does not hear this one any more. Told before, it goes on alone with all messages.
    private async Task LeaveQueueAsync(CancellationToken ct)
    {
        if (!HasQueue)
            return;
        var left = await machine.RunAsync(new Invocation([QueueScript, "leave"], Timeout: TimeSpan.FromMinutes(8)), null, ct);
        if (!left.Succeeded)
            throw new SequenceException(
                ExitCodes.Failed,
                $"the message queue cannot be left without loss: {left.All.Trim()}\nRun it again when 'gatehouse verify' is content. If "
                    + $"it does not matter what the queue holds, stop gatehouse-queues.service and rabbitmq-server.service before."
            );
    }

    /// <summary>Takes the membership's own files away and stops what made this host a member.</summary>
    public async Task ForgetAsync(CancellationToken ct)
    {
        log.Note("Ending the membership on this host");
        var stop = Invocation.Of(["systemctl", "disable", "--now", .. Units]);
        var stopped = await machine.RunAsync(stop, null, ct);
        if (!stopped.Succeeded)
            throw MachineException.Of(stop, stopped);
        await SharedPlaces.GiveUpAsync(machine, ct);
        // A copy of the registry that is not kept up misleads; its data stay where they are.
        if (machine.Real("/etc/patroni/config.yml") is var copy && File.Exists(copy))
        {
            var away = Invocation.Of(["systemctl", "disable", "--now", .. Copy]);
            var gone = await machine.RunAsync(away, null, ct);
            if (!gone.Succeeded)
                throw MachineException.Of(away, gone);
        }

        foreach (var name in await machine.ListAsync(ClusterFiles.Trust, ct))
            if (name != "lock")
                await machine.RemoveAsync($"{ClusterFiles.Trust}/{name}", ct);
        foreach (var path in Own)
            await machine.RemoveAsync(path, ct);
    }
}

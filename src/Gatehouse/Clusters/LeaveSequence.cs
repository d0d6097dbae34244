using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Clusters;

/// <summary>Ends the membership of this host. What it does as a gateway goes on.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class LeaveSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private static readonly string[] Units = ["gatehouse-agent.service", "gatehouse-follow.path", "gatehouse-follow.timer"];

    // Last the record that makes this host a member: until then, running it again goes on.
    private static readonly string[] Own =
    [
        "/etc/gatehouse/pki/issuer.key", "/etc/gatehouse/pki/issuer.crt", ClusterFiles.SealedRootKey, ClusterFiles.EncryptionKeyToGive, ClusterFiles.EncryptionKey,
        "/etc/gatehouse/pki/node.key", "/etc/gatehouse/pki/node.crt", "/etc/gatehouse/pki/cluster.crl", "/etc/gatehouse/pki/cluster-ca.pem",
        ViewCache.Path, LocalNode.Path,
    ];

    /// <summary>Tells the registry and has the issuer remove this node.</summary>
    /// <exception cref="SequenceException">It is the issuer, or holds the registry.</exception>
    public async Task DepartAsync(LocalNode me, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        if (view.Node(me.Number) is not { } node || node.State == NodeState.Removed) return;
        if (RemovalRules.Refusal(view, node, await registry.HostAsync(ct)) is { } refusal) throw new SequenceException(ExitCodes.Refused, refusal);
        log.Note("Leaving the cluster");
        await registry.LeaveAsync(ct);
        await RemoveSequence.RunAsync(machine, me, view, node, "it left", clock, ct);
    }

    /// <summary>Takes the membership's own files away and stops what made this host a member.</summary>
    public async Task ForgetAsync(CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        log.Note("Ending the membership on this host");
        var stop = Invocation.Of(["systemctl", "disable", "--now", .. Units]);
        var stopped = await machine.RunAsync(stop, null, ct);
        if (!stopped.Succeeded) throw MachineException.Of(stop, stopped);
        foreach (var name in await machine.ListAsync(ClusterFiles.Trust, ct))
            if (name != "lock") await machine.RemoveAsync($"{ClusterFiles.Trust}/{name}", ct);
        foreach (var path in Own) await machine.RemoveAsync(path, ct);
    }
}

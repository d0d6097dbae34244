using System.Text.Json;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quorum;

/// <summary>
/// Copies this node's replica of the registry anew when it cannot follow the primary any more: because it was away for longer than the
/// primary keeps its log, or because its data are damaged. <see cref="ReplicaRules"/> decides; Patroni does it.
/// </summary>
/// <param name="machine">This host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class ReplicaRepair(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private const string Memory = "/var/lib/gatehouse/cluster/replica.json";
    private readonly ClusterFiles files = new(machine);

    /// <summary>Looks at the replica, and copies it anew when it is time for that.</summary>
    /// <param name="me">This node.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="force">Whether an administrator waits for it.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>What is wrong with it; empty when nothing is, or when it may still mend by itself.</returns>
    public async Task<string> RunAsync(LocalNode me, ClusterRegistry registry, bool force, CancellationToken ct)
    {
        if (!PatroniControl.IsCopy(me.Profile))
            return "";
        if (await FollowsAsync(me, registry, force ? Timeouts.Replica : TimeSpan.Zero, ct))
        {
            if (files.Read(Memory) is not null)
                await files.RemoveAsync(Memory, ct);
            return "";
        }

        var patroni = new PatroniControl(machine, clock, log);
        ReplicaStep step;
        try
        {
            step = ReplicaRules.Next(await patroni.CopiesAsync(ct), me.Name, false, Remembered(), clock.GetUtcNow(), force);
        }
        catch (MachineException e)
        {
            log.Note($"Patroni cannot be asked about the replica of the registry: {e.Message}");
            return "";
        }

        // Before the copy, so that one that is cut off counts as well.
        if (step.Trouble is { } trouble)
            await files.WritePublicAsync(Memory, JsonSerializer.Serialize(trouble, Wire.Default.ReplicaTrouble), ct);
        else if (files.Read(Memory) is not null)
            await files.RemoveAsync(Memory, ct);
        if (!step.Copies)
            return step.Problem;
        log.Note("The replica of the registry on this node cannot follow the primary any more; it is copied anew");
        await patroni.CopyAnewAsync(me.Name, ct);
        if (!force || await FollowsAsync(me, registry, Timeouts.ReplicaCopy, ct))
            return "";
        var waited = Timeouts.ReplicaCopy.TotalSeconds;
        return $"the replica of the registry was copied anew and still receives nothing after {waited:0} s; "
            + "'journalctl -u patroni' says why";
    }

    // The primary itself follows nobody, and while it does not tell which replicas follow, nothing is done.
    private Task<bool> FollowsAsync(LocalNode me, ClusterRegistry registry, TimeSpan within, CancellationToken ct) =>
        Poll.UntilAsync(
            async () =>
                (await registry.ViewAsync(ct)).Node(me.Number)?.Address.ToString() == await registry.HostAsync(ct)
                || await registry.ReplicasAsync(ct) is not { } replicas
                || replicas.Any(r => r.Name == me.Name),
            within,
            clock,
            ct
        );

    private ReplicaTrouble? Remembered()
    {
        try
        {
            return files.Read(Memory) is { } text ? JsonSerializer.Deserialize(text, Wire.Default.ReplicaTrouble) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

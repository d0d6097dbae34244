using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Registry;

namespace Gatehouse.Clusters;

/// <summary>Asks all members at the same time how they are. A dead one costs the deadline once, however many are dead.</summary>
internal static class StatusReader
{
    /// <summary>How long the registry, and then the members, may take, unless somebody wants to wait longer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    /// <summary>Reads the state of a cluster as this member sees it.</summary>
    /// <param name="me">This node.</param>
    /// <param name="deadline">How long the registry, and then the members, may take.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ClusterReport> ReadAsync(LocalNode me, TimeSpan deadline, TimeProvider clock, CancellationToken ct)
    {
        var (view, isCurrent) = await ViewAsync(me, deadline, ct);
        using var credentials = Credentials.Read();
        return await AskAsync(view, isCurrent, credentials, deadline, clock, ct);
    }

    /// <summary>Asks the members of a view.</summary>
    public static async Task<ClusterReport> AskAsync(ClusterView view, bool isCurrent, Credentials credentials, TimeSpan deadline, TimeProvider clock, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(deadline);
        // All at once: if they took turns, the dead would keep the living from theirs until the deadline.
        var members = await Task.WhenAll(view.Members.OrderBy(n => n.Number).Select(n => Task.Run(() => AskAsync(n, view, credentials, clock, limit.Token, ct), ct)));
        return new ClusterReport(view, isCurrent, [.. members]);
    }

    // The registry if it answers in time, else the last view that this node saw.
    private static async Task<(ClusterView View, bool IsCurrent)> ViewAsync(LocalNode me, TimeSpan deadline, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(deadline);
        try
        {
            await using var registry = RegistryAccess.Open(me);
            return (await registry.ViewAsync(limit.Token), true);
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return ViewCache.Read() is { } last ? (last, false)
                : throw new SequenceException(ExitCodes.Failed, NotSeen(me, deadline, e));
        }
    }

    /// <summary>What is said when neither the registry nor the memory of this node knows the members.</summary>
    internal static string NotSeen(LocalNode me, TimeSpan deadline, Exception e) =>
        $"who the members of the cluster {me.ClusterName} are is not known here: {(e is OperationCanceledException ? $"the registry ({string.Join(", ", me.Databases)}) did not answer within {deadline.TotalSeconds:0.#} s" : e.Message)}, and this node keeps no record of the last time it did.\nTry again; if it stays so, 'systemctl status gatehouse-agent' says whether the agent runs, which keeps that record.";

    private static async Task<MemberReport> AskAsync(ClusterNode node, ClusterView view, Credentials credentials, TimeProvider clock, CancellationToken limit, CancellationToken ct)
    {
        try
        {
            using var client = AgentClient.Member(credentials, node, clock);
            var status = await client.StatusAsync(limit);
            return status.Number != node.Number
                ? new MemberReport(node, null, $"node {status.Number} answers there", [])
                : new MemberReport(node, status, "", [.. Health.Problems(status, clock.GetUtcNow()), .. Behind(status, view)]);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new MemberReport(node, null, "it does not answer in time", ["it does not answer in time"]);
        }
        catch (AgentException e)
        {
            return new MemberReport(node, null, e.Message, [e.Message]);
        }
    }

    private static IEnumerable<string> Behind(NodeStatus status, ClusterView view)
    {
        if (status.SettingsVersion != view.WantedSettings) yield return $"it has settings version {status.SettingsVersion}, and {view.WantedSettings} is wanted";
        if (status.Epoch < view.Cluster.Epoch) yield return $"it acts by epoch {status.Epoch}, and the cluster is at {view.Cluster.Epoch}";
    }
}

using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Status;

/// <summary>
/// Asks all members at the same time how they are. A dead one costs the deadline once, however many are dead. One that takes calls
/// and does not answer in time is shown by its last heartbeat.
/// </summary>
internal static class StatusReader
{
    /// <summary>How long registry and members may take together, unless somebody wants to wait longer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    private const string Late = "it does not answer in time";
    private const string NoVote = "it has no vote on the primary yet, so the registry survives fewer losses";
    private static readonly int Turns = Math.Max(8, 4 * Environment.ProcessorCount);
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);

    /// <summary>Reads the state of a cluster as this member sees it.</summary>
    /// <param name="me">This node.</param>
    /// <param name="deadline">How long registry and members may take together; the members have half of it in any case.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ClusterReport> ReadAsync(LocalNode me, TimeSpan deadline, TimeProvider clock, CancellationToken ct)
    {
        var start = clock.GetTimestamp();
        await using var registry = RegistryAccess.Open(me);
        var (view, isCurrent) = await ViewAsync(registry, me, deadline, ct);
        using var credentials = Credentials.Read();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // What a quick registry has left of the time is enough; after a slow one the members have half of it.
        var left = deadline - clock.GetElapsedTime(start);
        limit.CancelAfter(left > deadline / 2 ? left : deadline / 2);
        var beats = isCurrent ? BeatsAsync(registry, limit.Token) : Task.FromResult(ImmutableDictionary<int, Heartbeat>.Empty);
        var replicas = isCurrent
            ? ReplicasAsync(registry, view, limit.Token)
            : Task.FromResult(ImmutableDictionary<int, ReplicaState>.Empty);
        using var turns = new SemaphoreSlim(Turns);
        // All are called at once: if they took turns, the dead would keep the living from theirs until the deadline.
        var asked = await Task.WhenAll(
            view.Members.OrderBy(n => n.Number)
                .Select(n => Task.Run(() => AskAsync(n, view, credentials, clock, turns, limit.Token, ct), ct))
        );
        var heard = await beats;
        var told = asked.Select(a =>
            a.IsThere && a.Report.Status is null && heard.GetValueOrDefault(a.Report.Node.Number) is { } beat
                ? Heard(a.Report, beat, view)
                : a.Report
        );
        var voteless = QuorumRules.Missing(view).Select(n => n.Number).ToHashSet();
        var copies = await replicas;
        return new ClusterReport(view, isCurrent, [.. told.Select(Complete)]);

        // A member that does not answer at all has its problem named already.
        MemberReport Complete(MemberReport r)
        {
            r = r with { Replica = copies.GetValueOrDefault(r.Node.Number) };
            if (r.Status is null)
                return r;
            if (voteless.Contains(r.Node.Number))
                r = r with { Problems = r.Problems.Add(NoVote) };
            return r.Replica is { Problem: { Length: > 0 } problem } ? r with { Problems = r.Problems.Add(problem) } : r;
        }
    }

    // The registry if it answers in time, else the last view that this node saw.
    private static async Task<(ClusterView View, bool IsCurrent)> ViewAsync(
        ClusterRegistry registry,
        LocalNode me,
        TimeSpan deadline,
        CancellationToken ct
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(deadline);
        try
        {
            return (await registry.ViewAsync(limit.Token), true);
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return ViewCache.Read() is { } last ? (last, false) : throw new SequenceException(ExitCodes.Failed, NotSeen(me, deadline, e));
        }
    }

    /// <summary>What is said when neither the registry nor the memory of this node knows the members.</summary>
    internal static string NotSeen(LocalNode me, TimeSpan deadline, Exception e)
    {
        var why =
            e is OperationCanceledException
                ? $"the registry ({string.Join(", ", me.Databases)}) did not answer within {deadline.TotalSeconds:0.#} s"
                : e.Message;
        return $"the members of the cluster {me.ClusterName} are not known here: {why}, "
            + "and this node keeps no record of the last time it did.\n"
            + "Try again; if it stays so, 'systemctl status gatehouse-agent' says whether the agent runs, which keeps that record.";
    }

    private static async Task<ImmutableDictionary<int, Heartbeat>> BeatsAsync(ClusterRegistry registry, CancellationToken limit)
    {
        try
        {
            return (await registry.HeartbeatsAsync(limit)).ToImmutableDictionary(b => b.Node);
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException)
        {
            return ImmutableDictionary<int, Heartbeat>.Empty;
        }
    }

    private static async Task<ImmutableDictionary<int, ReplicaState>> ReplicasAsync(
        ClusterRegistry registry,
        ClusterView view,
        CancellationToken limit
    )
    {
        try
        {
            return ReplicaRules.Judge(view, await registry.ReplicasAsync(limit), await registry.HostAsync(limit));
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException)
        {
            return ImmutableDictionary<int, ReplicaState>.Empty;
        }
    }

    private static async Task<(MemberReport Report, bool IsThere)> AskAsync(
        ClusterNode node,
        ClusterView view,
        Credentials credentials,
        TimeProvider clock,
        SemaphoreSlim turns,
        CancellationToken limit,
        CancellationToken ct
    )
    {
        var isThere = false;
        try
        {
            using var client = AgentClient.Member(credentials, node, clock);
            await client.DialAsync(limit);
            isThere = true;
            var status = await InTurnAsync(() => client.StatusAsync(limit), turns, limit);
            return (
                status.Number != node.Number
                    ? new MemberReport(node, null, $"node {status.Number} answers there", [])
                    : new MemberReport(node, status, "", [.. Health.Problems(status, clock.GetUtcNow()), .. Behind(status, view)]),
                false
            );
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (new MemberReport(node, null, Late, [Late]), isThere);
        }
        catch (AgentException e)
        {
            return (new MemberReport(node, null, e.Message, [e.Message]), false);
        }
    }

    // So many handshakes at once that none is done in time help nobody. Who is slow gives his turn to the next, and goes on.
    private static async Task<NodeStatus> InTurnAsync(Func<Task<NodeStatus>> ask, SemaphoreSlim turns, CancellationToken limit)
    {
        await turns.WaitAsync(limit);
        Task<NodeStatus> answer;
        try
        {
            answer = ask();
            await Task.WhenAny(answer, Task.Delay(Turn, limit));
        }
        finally
        {
            turns.Release();
        }

        return await answer;
    }

    // It takes calls and is only too slow to answer, or this host is: what it told the registry a moment ago is as good.
    private static MemberReport Heard(MemberReport late, Heartbeat beat, ClusterView view)
    {
        try
        {
            return
                beat.At is { } at
                && view.Taken - at < Timeouts.Fresh
                && JsonSerializer.Deserialize(beat.Status, Wire.Default.NodeStatus) is { } status
                ? late with
                {
                    Status = status,
                    Error = "",
                    Problems = [.. Health.Problems(status, at), .. Behind(status, view)],
                    Heard = at,
                }
                : late;
        }
        catch (JsonException)
        {
            return late;
        }
    }

    private static IEnumerable<string> Behind(NodeStatus status, ClusterView view)
    {
        if (status.SettingsVersion != view.WantedSettings)
            yield return $"it has settings version {status.SettingsVersion}, and {view.WantedSettings} is wanted";
        if (status.Epoch < view.Cluster.Epoch)
            yield return $"it acts by epoch {status.Epoch}, and the cluster is at {view.Cluster.Epoch}";
    }
}

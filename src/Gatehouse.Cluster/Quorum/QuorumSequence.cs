using System.Diagnostics;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quorum;

/// <summary>
/// Brings this database node's vote to what the cluster asks for: it puts itself on the list, starts, learns and is given its vote, or
/// gives it back, and takes those off who are no database nodes any more. Each step is found out anew from what etcd says, so after a
/// kill at any point the next run goes on. One node at a time, by a lock in the registry.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class QuorumSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private const string Database = "database";
    private readonly ClusterFiles files = new(machine);

    /// <summary>
    /// Takes over a registry that runs here without a vote, as it did before there were copies of it. It is the only one there is, so
    /// the vote begins with it.
    /// </summary>
    /// <param name="name">This node's name.</param>
    /// <param name="profile">Its profile.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">It may be here, and cannot be read.</exception>
    public async Task AdoptAsync(string name, Core.Screens.Profile profile, CancellationToken ct)
    {
        if (!profile.Has(Database) || files.Read(QuorumSeat.Path) is not null || IsCopy())
            return;
        try
        {
            await using var local = ClusterRegistry.OpenLocal();
            await local.ViewAsync(ct);
        }
        catch (RegistryException e) when (ViewCache.Read() is { } seen && seen.Databases.All(n => n.Name == name))
        {
            // There is no other: to take it for away would put its data aside.
            throw new SequenceException(
                ExitCodes.Failed,
                $"the registry on this host, which is the only one, cannot be read: {e.Message}. Nothing was changed. Bring it back "
                    + $"('systemctl status postgresql@15-main', 'journalctl -u postgresql@15-main'), then run 'gatehouse sync'.",
                e
            );
        }
        catch (RegistryException)
        {
            return;
        }

        log.Note("The registry on this host becomes the first of its copies");
        await SeatAsync(QuorumSeat.Founder(name), ct);
    }

    /// <summary>Gives the node that a cluster begins with the first vote.</summary>
    public async Task FoundAsync(string name, Core.Screens.Profile profile, CancellationToken ct)
    {
        if (!profile.Has(Database) || files.Read(QuorumSeat.Path) is not null)
            return;
        // A cluster that was here before may have left its votes behind.
        await ForgetAsync(ct);
        await SeatAsync(QuorumSeat.Founder(name), ct);
    }

    /// <summary>
    /// Begins the vote anew when what it knew is lost and it was the only one: as long as there are others, they take the lost one off
    /// their list and it learns from them. Who takes writes is found out from the copies of the registry, which nothing happens to.
    /// </summary>
    /// <param name="me">This node.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Whether it did; then this host is to be brought to it.</returns>
    public async Task<bool> RefoundAsync(LocalNode me, CancellationToken ct)
    {
        if (HasVote || ViewCache.Read() is not { } seen || seen.Cluster.Id != me.Cluster)
            return false;
        if (seen.Members.Where(n => n.VotesSince is not null).ToArray() is not [{ } only] || only.Number != me.Number)
            return false;
        try
        {
            // The others may have got theirs since.
            await Control(seen).MembersAsync(ct);
            return false;
        }
        catch (SequenceException)
        {
            log.Note("What etcd kept on this host is lost, and nobody else has a vote: it begins anew");
        }

        await ForgetAsync(ct);
        await SeatAsync(QuorumSeat.Founder(me.Name), ct);
        return true;
    }

    /// <summary>Whether this node has a vote, by what is kept on it.</summary>
    public bool HasVote =>
        files.Read(QuorumSeat.Path) is not null
        && !(File.Exists(machine.Real(EtcdControl.Voted)) && !Directory.Exists(machine.Real($"{EtcdControl.Data}/member")));

    /// <summary>Whether the last run ended before the votes were as they are to be.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>Goes on until there is nothing to do for this node, or somebody else has to.</summary>
    /// <param name="me">This node.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="apply">Brings this host to what the vote makes of it.</param>
    /// <param name="waits">Whether others are waited for as long as it takes them; else only one that is getting its vote just now
    /// is.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Why it could not be finished; empty when it was.</returns>
    public async Task<string> RunAsync(LocalNode me, ClusterRegistry registry, Func<Task<string>> apply, bool waits, CancellationToken ct)
    {
        if (Core.Screens.Profile.Find(me.Profile)?.Has(Database) != true)
            return "";
        var start = Stopwatch.GetTimestamp();
        var waited = "";
        // Who is away may stay away; when he is back, he sees to it.
        var isAtIt = false;
        IsWaiting = false;
        while (true)
        {
            try
            {
                // Looked at without the lock first: mostly there is nothing to do.
                var view = await registry.ViewAsync(ct);
                var step = await LookAsync(me, view, ct);
                if (step.Act == QuorumAct.Nothing)
                {
                    if (view.Node(me.Number) is { } seen && seen.VotesSince is not null != step.Member is not null)
                        await registry.SetVoteAsync(step.Member is not null, ct);
                    return "";
                }

                waited = step.Why;
                isAtIt = step.Member is not null;
                if (step.Act != QuorumAct.Wait)
                {
                    await using var only = await registry.LockAsync(ClusterSequence.Quorum, ct);
                    if (await StepsAsync(me, registry, apply, ct) is { Length: > 0 } problem)
                        return problem;
                }
            }
            catch (Exception e)
                when (e is RegistryException { Failure: RegistryFailure.Locked or RegistryFailure.Unreachable } or SequenceException)
            {
                waited = e.Message;
            }

            if (Stopwatch.GetElapsedTime(start) > (waits || isAtIt ? Timeouts.Votes : Timeouts.Votes / 3))
            {
                log.Note($"the votes of the database nodes are not as they are to be: {waited}");
                IsWaiting = true;
                return "";
            }

            await Task.Delay(Timeouts.Pause, clock, ct);
        }
    }

    private async Task<QuorumStep> LookAsync(LocalNode me, ClusterView view, CancellationToken ct) =>
        view.Node(me.Number) is { State: NodeState.Active or NodeState.Leaving }
            ? QuorumRules.Next(view, me.Number, await Control(view).MembersAsync(ct), HasVote)
            : new QuorumStep(QuorumAct.Nothing);

    private async Task<string> StepsAsync(LocalNode me, ClusterRegistry registry, Func<Task<string>> apply, CancellationToken ct)
    {
        while (true)
        {
            var view = await registry.ViewAsync(ct);
            var etcd = Control(view);
            var step = await LookAsync(me, view, ct);
            switch (step.Act)
            {
                case QuorumAct.Remove:
                    log.Note($"Taking {step.Member!.Name} off the list of votes: {step.Why}");
                    await etcd.RemoveAsync(step.Member, ct);
                    break;
                case QuorumAct.Add:
                    log.Note("Putting this node on the list of votes");
                    await ForgetAsync(ct);
                    await etcd.AddAsync(me.Name, ct);
                    break;
                case QuorumAct.Start:
                    await ForgetAsync(ct);
                    await SeatAsync(new QuorumSeat(false, [.. (await etcd.MembersAsync(ct)).Select(m => $"{m.Name}={m.PeerUrls[0]}")]), ct);
                    break;
                case QuorumAct.Promote:
                    // The seat makes etcd run here.
                    if (await apply() is { Length: > 0 } problem)
                        return problem;
                    await PromoteAsync(etcd, step.Member!, ct);
                    log.Note("This node has its vote");
                    break;
                case QuorumAct.Leave:
                    log.Note($"Giving the vote of this node back{(step.Why.Length > 0 ? $": {step.Why}" : "")}");
                    if (step.Member is { } own)
                        await etcd.RemoveAsync(own, ct);
                    await ForgetAsync(ct);
                    if (await apply() is { Length: > 0 } left)
                        return left;
                    break;
                default:
                    return "";
            }
        }
    }

    // It is refused until it has learned what the others know.
    private async Task PromoteAsync(EtcdControl etcd, QuorumMember member, CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await etcd.PromoteAsync(member, ct);
                return;
            }
            catch (SequenceException) when (Stopwatch.GetElapsedTime(start) < Timeouts.Votes / 2)
            {
                await Task.Delay(Timeouts.Pause, clock, ct);
            }
        }
    }

    // What it knew as a member before would be taken for what it knows as the new one.
    private async Task ForgetAsync(CancellationToken ct)
    {
        await files.RemoveAsync(QuorumSeat.Path, ct);
        // Not after a boot either, should this be cut off before the next apply. Where its package is not there yet, nothing runs.
        if (File.Exists(machine.Real($"/lib/systemd/system/{EtcdControl.Unit}")))
        {
            var stop = Invocation.Of("systemctl", "disable", "--quiet", "--now", EtcdControl.Unit);
            var stopped = await machine.RunAsync(stop, null, ct);
            if (!stopped.Succeeded)
                throw MachineException.Of(stop, stopped);
        }

        var remove = Invocation.Of("rm", "-rf", "--one-file-system", EtcdControl.Data);
        var result = await machine.RunAsync(remove, null, ct);
        if (!result.Succeeded)
            throw MachineException.Of(remove, result);
        await files.RemoveAsync(EtcdControl.Voted, ct);
    }

    private ValueTask SeatAsync(QuorumSeat seat, CancellationToken ct) => files.WriteTrustAsync("quorum", seat.Write(), ct);

    // A copy has the registry too; it was marked as one when room was made for it.
    private bool IsCopy() => File.Exists(machine.Real("/var/lib/postgresql/15/gatehouse"));

    // Itself last: while it learns, it answers nothing.
    private EtcdControl Control(ClusterView view)
    {
        var own = files.Node?.Name;
        return new EtcdControl(machine, [.. view.Databases.OrderBy(n => n.Name == own).ThenBy(n => n.Number).Select(n => n.Name)]);
    }
}

using System.Collections.Immutable;
using System.Diagnostics;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>How an apply ended.</summary>
public enum Outcome
{
    /// <summary>Nothing differed.</summary>
    Nothing,

    /// <summary>In place and verified.</summary>
    Applied,

    /// <summary>Stopped before anything in place was touched.</summary>
    Refused,

    /// <summary>Failed, and everything was put back.</summary>
    RolledBack,

    /// <summary>Failed, and putting back failed too.</summary>
    Broken,
}

/// <summary>The end of an apply.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Generation">The generation made; null when none was.</param>
/// <param name="Problem">What failed, in words; empty otherwise.</param>
public sealed record ApplyResult(Outcome Outcome, Generation? Generation, string Problem);

/// <summary>
/// Executes plans: packages, checks on the staged files, then, with a record of the way back on disk, files, units and
/// verifications. A failure puts everything back; a kill or power loss at any point is put back by the next run.
/// </summary>
public sealed class Applier(IMachine machine, IChecker checker, IVerifier verifier, TimeProvider clock, IApplyLog log)
{
    private readonly GenerationStore store = new(machine);
    private readonly PackageInstaller packages = new(machine, log);
    private readonly UnitControl units = new(machine);
    private readonly WayBack wayBack = new(machine, log);

    /// <summary>Who or what asked for the change, for the history and the journal; empty when nobody knows.</summary>
    public string By { get; init; } = "";

    /// <summary>The node as it is to be on this machine: with the machine's own lines in shared files, and without entries for programs
    /// that are not there.</summary>
    public ValueTask<RenderedNode> HereAsync(RenderedNode node, CancellationToken ct) => new NodeHere(machine, store).OfAsync(node, ct);

    /// <summary>Plans towards a node, as <see cref="HereAsync"/> gave it, from what is there now.</summary>
    public async Task<Plan> PlanAsync(RenderedNode node, CancellationToken ct)
    {
        node = await HereAsync(node, ct);
        var last = await store.CurrentAsync(ct) is { } current ? current with { Node = await HereAsync(current.Node, ct) } : null;
        return Planner.Plan(last, await ActualProbe.LookAsync(machine, node, last, ct), node);
    }

    /// <summary>What differs from what the generation in force left; null when there is none.</summary>
    public async Task<(Generation Current, ImmutableArray<(RenderedEntry Entry, PathState Actual)> Drift)?> DriftAsync(CancellationToken ct)
    {
        if (await store.CurrentAsync(ct) is not { } current)
            return null;
        current = current with { Node = await HereAsync(current.Node, ct) };
        return (current, Planner.Drift(current, await ActualProbe.LookAsync(machine, current.Node, current, ct)));
    }

    /// <summary>
    /// Puts our part of shared files (names, name servers) back where another program has rewritten them; other drift stays as it is.
    /// </summary>
    /// <returns>The files that were written.</returns>
    public async Task<ImmutableArray<string>> RestoreSharedAsync(CancellationToken ct)
    {
        if (await store.InterruptedAsync(ct) is not null || await DriftAsync(ct) is not { } found)
            return [];
        var written = ImmutableArray.CreateBuilder<string>();
        foreach (var (entry, _) in found.Drift.Where(d => OwnLines.Kinds.Contains(d.Entry.Keeps)))
        {
            await machine.WriteAsync(entry.Path, new Item(EntryKind.File, entry.Owner, found.Current.Node.Contents[entry.Hash]), ct);
            written.Add(entry.Path);
        }

        if (written.Count > 0)
            await JournalAsync(
                $"{string.Join(", ", written)} had been rewritten; Gatehouse's lines are restored, and the other lines are kept"
            );
        return written.ToImmutable();
    }

    /// <summary>Brings the machine to what the node is to have.</summary>
    /// <param name="node">With contents.</param>
    /// <param name="reason">For the history.</param>
    /// <param name="ct">Cancels; what was begun is put back.</param>
    public async Task<ApplyResult> ApplyAsync(RenderedNode node, string reason, CancellationToken ct)
    {
        try
        {
            var result = await ChangeAsync(node, reason, ct);
            await JournalAsync(ApplyWords.Of(result, reason, By));
            return result;
        }
        catch (OperationCanceledException e)
        {
            await JournalAsync(ApplyWords.OfCancelled(reason, By, e.Message));
            throw;
        }
    }

    private async Task<ApplyResult> ChangeAsync(RenderedNode asked, string reason, CancellationToken ct)
    {
        try
        {
            await RecoverAsync(ct);
        }
        catch (NotPutBackException e)
        {
            return new ApplyResult(Outcome.Broken, e.Generation, e.Message);
        }

        Plan plan;
        Generation generation;
        var node = asked;
        try
        {
            foreach (var damage in await store.DamageAsync(ct))
                log.Note(damage);
            node = await HereAsync(node, ct);
            if (await store.CurrentAsync(ct) is null && (await PlanAsync(node, ct)).IsEmpty)
                return await AdoptAsync(node, reason, ct);
            if (await HostPreflight.ProblemsAsync(machine, node, ct) is { IsEmpty: false } problems)
                return new ApplyResult(Outcome.Refused, null, string.Join('\n', problems));
            ImmutableArray<string> replaced = [];
            plan = await PlanAsync(node, ct);
            if (plan.IsEmpty)
            {
                await SettleOwnersAsync(ct);
                return new ApplyResult(Outcome.Nothing, await RefreshAsync(node, ct), "");
            }

            if (plan.Of<InstallPackages>().FirstOrDefault() is { } install)
            {
                log.Begin(Phase.Packages, 1);
                await StepAsync(
                    install,
                    async () => replaced = await packages.InstallAsync(install.Names, [.. node.Units.Select(u => u.Unit.Name)], ct)
                );
                // Packages bring files, users and units: the rest is planned on what is there now.
                node = await HereAsync(asked, ct);
                plan = await PlanAsync(node, ct);
                if (await PathClashes.OfAsync(machine, node, ct) is { IsEmpty: false } clashes)
                    return new ApplyResult(Outcome.Refused, null, string.Join('\n', clashes));
            }

            await SettleOwnersAsync(ct);
            if (await CheckAsync(plan, node, ct) is { Length: > 0 } refusal)
                return new ApplyResult(Outcome.Refused, null, refusal);
            generation = await BeginAsync(plan, node, reason, replaced, ct);
        }
        catch (MachineException e)
        {
            await QuietlyAsync(() => wayBack.ReleaseAsync(CancellationToken.None));
            return new ApplyResult(Outcome.Refused, null, e.Message);
        }

        return await SwapAsync(plan, generation, ct);
    }

    /// <summary>Undoes an apply that was cut off by a kill or power loss; returns its generation, or null when none was.</summary>
    /// <exception cref="NotPutBackException">What was cut off could not be undone.</exception>
    public async Task<Generation?> RecoverAsync(CancellationToken ct)
    {
        await packages.CleanAsync(ct);
        if (await store.InterruptedAsync(ct) is not { } cut)
            return null;
        log.Note($"generation {cut.Number} was interrupted while it was being applied; restoring the previous state");
        ImmutableArray<string> left;
        try
        {
            left = await wayBack.GoAsync(cut, store, ct);
        }
        catch (MachineException e)
        {
            throw new NotPutBackException(cut, e);
        }

        var undone = cut with { State = GenerationState.RolledBack, Summary = [.. cut.Summary, "interrupted, then rolled back", .. left] };
        await store.SaveAsync(undone, ct);
        return undone;
    }

    private async Task SettleOwnersAsync(CancellationToken ct)
    {
        foreach (var owner in await new PendingOwners(machine).SettleAsync(ct))
            log.Note(
                $"warning: {owner.Path} should belong to {owner.User}:{owner.Group}, which does not exist on this host; root "
                    + "owns it instead. Create the account, then use chown."
            );
    }

    // How a host is verified is part of the record and of no file: what is new about it alone makes no generation, and takes effect all the
    // same.
    private async Task<Generation?> RefreshAsync(RenderedNode node, CancellationToken ct)
    {
        var current = await store.CurrentAsync(ct);
        if (current is null || current.Node.Verifications.Select(Text).SequenceEqual(node.Verifications.Select(Text)))
            return current;
        current = current with { Node = current.Node with { Verifications = node.Verifications } };
        await store.SaveAsync(current, ct);
        return current;

        static string Text(RenderedVerification v)
        {
            var parameters = v.Verification.Parameters.Select(p => $"{p.Key}={p.Value}");
            return $"{v.Component}\n{v.Verification.Name}\n{v.Verification.Kind}\n{v.Verification.Within}\n{string.Join('\n', parameters)}";
        }
    }

    private async Task<string> CheckAsync(Plan plan, RenderedNode node, CancellationToken ct)
    {
        var steps = plan.Of<RunCheck>().ToImmutableArray();
        if (steps.IsEmpty)
            return "";
        log.Begin(Phase.Check, steps.Length);
        var results = await checker.JudgeAsync(node, [.. steps.Select(s => s.Check)], ct);
        foreach (var (step, result) in steps.Zip(results))
            log.Done(step, result.Passed, result.Ran ? "" : result.Output, result.Took);
        var failed = results.Where(r => !r.Passed).ToArray();
        return string.Join(
            "\n",
            failed.Select(f =>
                $"check failed: {f.Check.Check.Name}, run as '{string.Join(' ', f.Check.Check.Run)}'{MachineException.Tail(f.Output)}"
            )
        );
    }

    // Everything the way back needs is on disk before the first change: contents, states of paths and units, and spare room.
    private async Task<Generation> BeginAsync(
        Plan plan,
        RenderedNode node,
        string reason,
        ImmutableArray<string> replaced,
        CancellationToken ct
    )
    {
        var puts = plan.Of<PutEntry>().ToImmutableArray();
        long size = 0;
        foreach (var put in puts.Where(p => p.Before.Kind == EntryKind.File))
        {
            var before =
                await machine.ReadAsync(put.Entry.Path, ct)
                ?? throw new MachineException($"{put.Entry.Path} disappeared while it was being read; run again.");
            await store.KeepAsync(before, ct);
            size += before.Bytes.Length;
        }

        foreach (var entry in node.Entries.Where(e => e.Kind == EntryKind.File))
            await store.KeepAsync(node.Contents[entry.Hash], ct);
        await wayBack.ReserveAsync(size, ct);
        var unitsBefore = await UnitsBeforeAsync(plan, ct);
        await RememberOriginalAsync(
            node,
            puts,
            [.. unitsBefore.Select(u => replaced.Contains(u.Unit) ? u with { State = u.State with { Active = true } } : u)],
            "before gatehouse",
            ct
        );
        await KeepEditsAsync(puts, ct);
        var generation = new Generation
        {
            Number = await store.NextNumberAsync(ct),
            Time = clock.GetUtcNow(),
            State = GenerationState.Swapping,
            Reason = reason,
            By = By,
            Node = node,
            PathsBefore = [.. puts.Select(p => new PathBefore(p.Entry.Path, p.Before))],
            UnitsBefore = unitsBefore,
            Touched = [],
            Boot = await Boot.IdAsync(machine, ct),
            Summary = [.. plan.Steps.Where(s => s.Phase is not (Phase.Check or Phase.Verify)).Select(s => s.Describe())],
        };
        await store.SaveAsync(generation, ct);
        return generation;
    }

    // Everything is in place and there is no record of it, because the package was purged: what is there becomes the first generation.
    private async Task<ApplyResult> AdoptAsync(RenderedNode node, string reason, CancellationToken ct)
    {
        try
        {
            await VerifyAsync(new Plan(machine.IsLive ? [.. node.Verifications.Select(v => new RunVerification(v))] : []), ct);
        }
        catch (MachineException e)
        {
            return new ApplyResult(Outcome.Refused, null, e.Message);
        }

        foreach (var entry in node.Entries.Where(e => e.Kind == EntryKind.File))
            await store.KeepAsync(node.Contents[entry.Hash], ct);
        await RememberOriginalAsync(node, [], [], "as found after the records were lost", ct);
        var generation = new Generation
        {
            Number = await store.NextNumberAsync(ct),
            Time = clock.GetUtcNow(),
            State = GenerationState.Good,
            Reason = reason,
            By = By,
            Node = node,
            PathsBefore = [],
            UnitsBefore = [],
            Summary = ["everything was already in place; only the record was created"],
        };
        await store.SaveAsync(generation, ct);
        return new ApplyResult(Outcome.Applied, generation, "");
    }

    // What was edited by hand becomes a generation of its own, so that a rollback brings it back.
    private async Task KeepEditsAsync(ImmutableArray<PutEntry> puts, CancellationToken ct)
    {
        var all = await store.AllAsync(ct);
        if (all.LastOrDefault(g => g.IsGood) is not { } current)
            return;
        var next = await store.NextNumberAsync(ct);
        if (
            HandEdits.Of(current, puts, next, clock.GetUtcNow()) is not { } edits
            || all.Any(g => g.Number > current.Number && HandEdits.AreSame(g, edits))
        )
            return;
        await store.SaveAsync(edits, ct);
    }

    // One line for each change, so that the journal tells when, by whom and how it ended. The change does not depend on it.
    private async Task JournalAsync(string line)
    {
        if (!machine.IsLive || line.Length == 0)
            return;
        try
        {
            await machine.RunAsync(
                Invocation.Of("logger", "--tag", "gatehouse", "--priority", "daemon.notice", "--", line),
                null,
                CancellationToken.None
            );
        }
        catch (MachineException)
        {
            // Nothing listens for it here.
        }
    }

    private async Task<ImmutableArray<UnitBefore>> UnitsBeforeAsync(Plan plan, CancellationToken ct)
    {
        var touched = plan.Of<UnitAction>()
            .Where(a => a.Unit.Length > 0)
            .Select(a => a.Unit)
            .Distinct(StringComparer.Ordinal)
            .ToImmutableArray();
        var states = await ActualProbe.UnitsAsync(machine, touched, ct);
        return [.. touched.Select(u => new UnitBefore(u, states.GetValueOrDefault(u, new UnitState(false, false, false))))];
    }

    // Generation 0 grows by each path and unit that a node names for the first time, whether it is changed or not.
    private async Task RememberOriginalAsync(
        RenderedNode node,
        ImmutableArray<PutEntry> puts,
        ImmutableArray<UnitBefore> unitsBefore,
        string reason,
        CancellationToken ct
    )
    {
        // What is here today is not what was before Gatehouse: a damaged record is not made anew.
        if (await store.IsDamagedAsync(0, ct))
            return;
        var original = await store.FindAsync(0, ct) ?? Original.Empty(clock.GetUtcNow(), reason);
        var touched = unitsBefore.Select(u => u.Unit).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<string> others = machine.IsLive
            ? [.. node.Units.Select(u => u.Unit.Name).Where(u => !touched.Contains(u)).Distinct(StringComparer.Ordinal)]
            : [];
        var states = await ActualProbe.UnitsAsync(machine, others, ct);
        var grown = Original.Grow(original, node, puts, [.. unitsBefore, .. states.Select(s => new UnitBefore(s.Key, s.Value))]);
        if (!ReferenceEquals(grown, original))
            await store.SaveAsync(grown, ct);
    }

    private async Task<ApplyResult> SwapAsync(Plan plan, Generation generation, CancellationToken ct)
    {
        try
        {
            foreach (var phase in new[] { Phase.Stop, Phase.Files, Phase.Services })
            {
                var steps = plan.In(phase).ToArray();
                if (steps.Length > 0)
                    log.Begin(phase, steps.Length);
                foreach (var step in steps)
                {
                    generation = await TouchAsync(generation, step, ct);
                    await StepAsync(step, () => ExecuteAsync(step, generation.Node, ct));
                }
            }

            await VerifyAsync(plan, ct);
            generation = generation with { State = GenerationState.Good };
            await store.SaveAsync(generation, ct);
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            return await PutBackAsync(generation, e);
        }

        // Not before the record is written: a full disk would otherwise bar the way back.
        await QuietlyAsync(() => wayBack.ReleaseAsync(CancellationToken.None));
        await QuietlyAsync(() => store.TidyAsync(CancellationToken.None));
        return new ApplyResult(Outcome.Applied, generation, "");
    }

    // On disk before it is done: the way back, also of a later run, leaves the units alone that were not come to.
    private async Task<Generation> TouchAsync(Generation generation, Step step, CancellationToken ct)
    {
        var name =
            step is UnitAction action ? action.Unit
            : step is RunReaction run ? string.Join(' ', run.Reaction.Run)
            : "";
        if (name.Length == 0 || generation.Touched is not { } touched || touched.Contains(name))
            return generation;
        generation = generation with { Touched = touched.Add(name) };
        await store.SaveAsync(generation, ct);
        return generation;
    }

    // Tidying up does not change how an apply ended: what is left lying is taken away by the next one.
    private async Task QuietlyAsync(Func<ValueTask> tidy)
    {
        try
        {
            await tidy();
        }
        catch (Exception e) when (e is MachineException or System.Text.Json.JsonException or IOException or UnauthorizedAccessException)
        {
            log.Note($"could not clean up (harmless): {e.Message}");
        }
    }

    private async Task<ApplyResult> PutBackAsync(Generation generation, Exception cause)
    {
        log.Note("rolling back to the previous state");
        var why = cause is OperationCanceledException ? "cancelled" : cause.Message;
        try
        {
            var left = await wayBack.GoAsync(generation, store, CancellationToken.None);
            var undone = generation with
            {
                State = GenerationState.RolledBack,
                Summary = [.. generation.Summary, $"failed: {why.Split('\n')[0]}", .. left],
            };
            await store.SaveAsync(undone, CancellationToken.None);
            if (cause is OperationCanceledException)
                throw new OperationCanceledException("cancelled; everything was rolled back", cause);
            return new ApplyResult(Outcome.RolledBack, undone, string.Join('\n', left.Prepend(why)));
        }
        catch (MachineException e)
        {
            return new ApplyResult(
                Outcome.Broken,
                generation,
                $"{why}\nThe rollback failed as well: {e.Message}\nFix this and run 'gatehouse rollback --interrupted'."
            );
        }
    }

    private async Task VerifyAsync(Plan plan, CancellationToken ct)
    {
        var steps = plan.Of<RunVerification>().ToArray();
        if (steps.Length == 0)
            return;
        log.Begin(Phase.Verify, steps.Length);
        // Component after component, for mail is scanned only when the scanners answer; those of one at the same time.
        foreach (var component in steps.GroupBy(s => s.Verification.Component))
        {
            var results = await Task.WhenAll(component.Select(OneAsync));
            if (results.FirstOrDefault(r => !r.Passed) is { } failed)
                throw new MachineException($"verification failed: {failed.Detail}");
        }

        async Task<ProbeResult> OneAsync(RunVerification step)
        {
            var start = Stopwatch.GetTimestamp();
            var result = await verifier.VerifyAsync(step.Verification.Verification, ct);
            if (result.IsUnknown)
                log.Unknown(step, result.Detail);
            else
                log.Done(step, result.Passed, result.Detail, Stopwatch.GetElapsedTime(start));
            return new ProbeResult(result.Passed, $"{step.Describe()}: {result.Detail}");
        }
    }

    private async Task ExecuteAsync(Step step, RenderedNode node, CancellationToken ct)
    {
        switch (step)
        {
            case PutEntry { Entry: { Kind: EntryKind.Absent } entry }:
                await machine.RemoveAsync(entry.Path, ct);
                break;
            case PutEntry { Entry: var entry }:
                await machine.WriteAsync(
                    entry.Path,
                    new Item(entry.Kind, entry.Owner, entry.Kind == EntryKind.File ? node.Contents[entry.Hash] : null, entry.Target),
                    ct
                );
                break;
            case AddMember { Member: var member }:
                await RunAsync(Invocation.Of("usermod", "--append", "--groups", member.Group, member.User), ct);
                break;
            case RunReaction { Reaction: var reaction }:
                await RunAsync(new Invocation(reaction.Run), ct);
                break;
            case UnitAction action:
                await units.RunAsync(action, ct);
                break;
            default:
                throw new UnreachableException($"no way to execute {step.GetType().Name}");
        }
    }

    private async Task RunAsync(Invocation command, CancellationToken ct)
    {
        var result = await machine.RunAsync(command, log.Line, ct);
        if (!result.Succeeded)
            throw MachineException.Of(command, result);
    }

    private async Task StepAsync(Step step, Func<Task> execute)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await execute();
            log.Done(step, true, "", Stopwatch.GetElapsedTime(start));
        }
        catch (MachineException e)
        {
            log.Done(step, false, e.Message.Split('\n')[0], Stopwatch.GetElapsedTime(start));
            throw new MachineException($"{step.Describe()}: {e.Message}", e);
        }
    }
}

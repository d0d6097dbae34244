using System.Collections.Immutable;
using System.Diagnostics;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines.Probes;

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
    private readonly PackageInstaller packages = new(machine);
    private readonly UnitControl units = new(machine);
    private readonly WayBack wayBack = new(machine, log);

    /// <summary>Plans towards a node from what is there now.</summary>
    public async Task<Plan> PlanAsync(RenderedNode node, CancellationToken ct)
    {
        var last = await store.CurrentAsync(ct);
        return Planner.Plan(last, await ActualProbe.LookAsync(machine, node, last, ct), node);
    }

    /// <summary>Brings the machine to what the node is to have.</summary>
    /// <param name="node">With contents.</param>
    /// <param name="reason">For the history.</param>
    /// <param name="ct">Cancels; what was begun is put back.</param>
    public async Task<ApplyResult> ApplyAsync(RenderedNode node, string reason, CancellationToken ct)
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
        try
        {
            plan = await PlanAsync(node, ct);
            if (plan.IsEmpty) return new ApplyResult(Outcome.Nothing, await store.CurrentAsync(ct), "");
            if (plan.Of<InstallPackages>().FirstOrDefault() is { } install)
            {
                log.Begin(Phase.Packages, 1);
                await StepAsync(install, () => packages.InstallAsync(install.Names, log.Line, ct));
                // Packages bring files, users and units: the rest is planned on what is there now.
                plan = await PlanAsync(node, ct);
            }

            if (await CheckAsync(plan, node, ct) is { Length: > 0 } refusal) return new ApplyResult(Outcome.Refused, null, refusal);
            generation = await BeginAsync(plan, node, reason, ct);
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
        if (await store.InterruptedAsync(ct) is not { } cut) return null;
        log.Note($"generation {cut.Number} was cut off while it was put in place; putting back what was there before");
        try
        {
            await wayBack.GoAsync(cut, store, ct);
        }
        catch (MachineException e)
        {
            throw new NotPutBackException(cut, e);
        }

        var undone = cut with { State = GenerationState.RolledBack, Summary = [.. cut.Summary, "cut off, then put back"] };
        await store.SaveAsync(undone, ct);
        return undone;
    }

    private async Task<string> CheckAsync(Plan plan, RenderedNode node, CancellationToken ct)
    {
        var steps = plan.Of<RunCheck>().ToImmutableArray();
        if (steps.IsEmpty) return "";
        log.Begin(Phase.Check, steps.Length);
        var results = await checker.JudgeAsync(node, [.. steps.Select(s => s.Check)], ct);
        foreach (var (step, result) in steps.Zip(results)) log.Done(step, result.Passed, result.Ran ? "" : result.Output, result.Took);
        var failed = results.Where(r => !r.Passed).ToArray();
        return string.Join("\n", failed.Select(f => $"check failed: {f.Check.Check.Name}, asked '{string.Join(' ', f.Check.Check.Run)}'{MachineException.Tail(f.Output)}"));
    }

    // Everything the way back needs is on disk before the first change: contents, states of paths and units, and spare room.
    private async Task<Generation> BeginAsync(Plan plan, RenderedNode node, string reason, CancellationToken ct)
    {
        var puts = plan.Of<PutEntry>().ToImmutableArray();
        long size = 0;
        foreach (var put in puts.Where(p => p.Before.Kind == EntryKind.File))
        {
            var before = await machine.ReadAsync(put.Entry.Path, ct) ?? throw new MachineException($"{put.Entry.Path} vanished while it was looked at; run again.");
            await store.KeepAsync(before, ct);
            size += before.Bytes.Length;
        }

        foreach (var entry in node.Entries.Where(e => e.Kind == EntryKind.File)) await store.KeepAsync(node.Contents[entry.Hash], ct);
        await wayBack.ReserveAsync(size, ct);
        var unitsBefore = await UnitsBeforeAsync(plan, ct);
        await RememberOriginalAsync(puts, unitsBefore, ct);
        var generation = new Generation
        {
            Number = await store.NextNumberAsync(ct),
            Time = clock.GetUtcNow(),
            State = GenerationState.Swapping,
            Reason = reason,
            Node = node,
            PathsBefore = [.. puts.Select(p => new PathBefore(p.Entry.Path, p.Before))],
            UnitsBefore = unitsBefore,
            Summary = [.. plan.Steps.Where(s => s.Phase is not (Phase.Check or Phase.Verify)).Select(s => s.Describe())],
        };
        await store.SaveAsync(generation, ct);
        return generation;
    }

    private async Task<ImmutableArray<UnitBefore>> UnitsBeforeAsync(Plan plan, CancellationToken ct)
    {
        var touched = plan.Of<UnitAction>().Where(a => a.Unit.Length > 0).Select(a => a.Unit).Distinct(StringComparer.Ordinal).ToImmutableArray();
        var states = await ActualProbe.UnitsAsync(machine, touched, ct);
        return [.. touched.Select(u => new UnitBefore(u, states.GetValueOrDefault(u, new UnitState(false, false, false))))];
    }

    // Generation 0 grows by each path and unit that is touched for the first time.
    private async Task RememberOriginalAsync(ImmutableArray<PutEntry> puts, ImmutableArray<UnitBefore> unitsBefore, CancellationToken ct)
    {
        var original = await store.FindAsync(0, ct) ?? Original.Empty(clock.GetUtcNow());
        var grown = Original.Grow(original, puts, unitsBefore);
        if (!ReferenceEquals(grown, original)) await store.SaveAsync(grown, ct);
    }

    private async Task<ApplyResult> SwapAsync(Plan plan, Generation generation, CancellationToken ct)
    {
        try
        {
            foreach (var phase in new[] { Phase.Stop, Phase.Files, Phase.Services })
            {
                var steps = plan.In(phase).ToArray();
                if (steps.Length > 0) log.Begin(phase, steps.Length);
                foreach (var step in steps) await StepAsync(step, () => ExecuteAsync(step, generation.Node, ct));
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

    // Tidying up does not change how an apply ended: what is left lying is taken away by the next one.
    private async Task QuietlyAsync(Func<ValueTask> tidy)
    {
        try
        {
            await tidy();
        }
        catch (Exception e) when (e is MachineException or System.Text.Json.JsonException or IOException or UnauthorizedAccessException)
        {
            log.Note($"could not tidy up, which does no harm: {e.Message}");
        }
    }

    private async Task<ApplyResult> PutBackAsync(Generation generation, Exception cause)
    {
        log.Note("putting back what was there before");
        var why = cause is OperationCanceledException ? "cancelled" : cause.Message;
        try
        {
            await wayBack.GoAsync(generation, store, CancellationToken.None);
            var undone = generation with { State = GenerationState.RolledBack, Summary = [.. generation.Summary, $"failed: {why.Split('\n')[0]}"] };
            await store.SaveAsync(undone, CancellationToken.None);
            if (cause is OperationCanceledException) throw new OperationCanceledException("cancelled; everything was put back", cause);
            return new ApplyResult(Outcome.RolledBack, undone, why);
        }
        catch (MachineException e)
        {
            return new ApplyResult(Outcome.Broken, generation, $"{why}\nPutting back failed as well: {e.Message}\nMend that and run 'gatehouse rollback --interrupted'.");
        }
    }

    private async Task VerifyAsync(Plan plan, CancellationToken ct)
    {
        var steps = plan.Of<RunVerification>().ToArray();
        if (steps.Length == 0) return;
        log.Begin(Phase.Verify, steps.Length);
        // Component after component, for mail is scanned only when the scanners answer; those of one at the same time.
        foreach (var component in steps.GroupBy(s => s.Verification.Component))
        {
            var results = await Task.WhenAll(component.Select(OneAsync));
            if (results.FirstOrDefault(r => !r.Passed) is { } failed) throw new MachineException($"verification failed: {failed.Detail}");
        }

        async Task<ProbeResult> OneAsync(RunVerification step)
        {
            var start = Stopwatch.GetTimestamp();
            var result = await verifier.VerifyAsync(step.Verification.Verification, ct);
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
                await machine.WriteAsync(entry.Path, new Item(entry.Kind, entry.Owner, entry.Kind == EntryKind.File ? node.Contents[entry.Hash] : null, entry.Target), ct);
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
        if (!result.Succeeded) throw MachineException.Of(command, result);
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

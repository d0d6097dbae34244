using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Machines;
using Gatehouse.Printing;

namespace Gatehouse.Wizard;

/// <summary>A phase of an apply that runs or ran.</summary>
/// <param name="Phase">Which.</param>
/// <param name="Steps">How many steps it has.</param>
/// <param name="Done">How many are done.</param>
/// <param name="Failed">Whether one failed.</param>
/// <param name="Began">When it began, since the start of the apply.</param>
/// <param name="Ended">When it ended; null while it runs.</param>
/// <param name="Part">The number of the part of a sequence that it belongs to; -1 when there are no parts.</param>
internal sealed record PhaseProgress(Phase Phase, int Steps, int Done, bool Failed, TimeSpan Began, TimeSpan? Ended, int Part);

/// <summary>A part of a sequence that runs or ran, such as the making of the trust.</summary>
/// <param name="Text">What it is called.</param>
/// <param name="Began">When it began, since the start.</param>
internal sealed record PartProgress(string Text, TimeSpan Began);

/// <summary>How a verification went.</summary>
internal sealed record VerificationResult(string Name, bool Passed, string Detail)
{
    /// <summary>Whether nothing could be found out.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>The result in one word.</summary>
    public string Word =>
        IsUnknown ? "warning"
        : Passed ? "ok"
        : "failed";
}

/// <summary>An apply in the background, and how far it is.</summary>
/// <param name="clock">What its times are taken from; the system's clock unless given.</param>
internal sealed class ApplyRun(TimeProvider? clock = null) : IApplyLog, IDisposable
{
    private const int MostLines = 2000;
    private readonly Lock gate = new();
    private readonly TimeProvider clock = clock ?? TimeProvider.System;
    private readonly long start = (clock ?? TimeProvider.System).GetTimestamp();
    private readonly CancellationTokenSource cancel = new();
    private readonly List<PhaseProgress> phases = [];
    private readonly List<PartProgress> parts = [];
    private readonly List<string> lines = [];
    private readonly List<VerificationResult> verifications = [];
    private string last = "";
    private Task<ApplyResult>? task;
    private TimeSpan? took;

    /// <summary>The phases so far.</summary>
    public ImmutableArray<PhaseProgress> Phases
    {
        get
        {
            lock (gate)
                return [.. phases];
        }
    }

    /// <summary>The parts of a sequence so far.</summary>
    public ImmutableArray<PartProgress> Parts
    {
        get
        {
            lock (gate)
                return [.. parts];
        }
    }

    /// <summary>Everything it told so far.</summary>
    public ImmutableArray<string> Lines
    {
        get
        {
            lock (gate)
                return [.. lines];
        }
    }

    /// <summary>The verifications so far.</summary>
    public ImmutableArray<VerificationResult> Verifications
    {
        get
        {
            lock (gate)
                return [.. verifications];
        }
    }

    /// <summary>What it said last.</summary>
    public string Last
    {
        get
        {
            lock (gate)
                return last;
        }
    }

    /// <summary>How long it has run.</summary>
    public TimeSpan Elapsed => took ?? SinceStart;

    /// <summary>Whether it was asked to stop.</summary>
    public bool IsCancelled => cancel.IsCancellationRequested;

    /// <summary>How it ended; null while it runs.</summary>
    public ApplyResult? Result { get; private set; }

    /// <summary>Begins.</summary>
    /// <param name="apply">The apply itself, given the way to stop it.</param>
    public void Begin(Func<CancellationToken, Task<ApplyResult>> apply) =>
        task = Task.Run(async () =>
        {
            ApplyResult result;
            try
            {
                result = await apply(cancel.Token);
            }
            catch (OperationCanceledException)
            {
                result = new ApplyResult(IsChanging ? Outcome.RolledBack : Outcome.Refused, null, "It was stopped by the operator.");
            }
            catch (Exception e)
            {
                // Whatever it was: somebody is waiting for the end, and must be told whether the host was being changed.
                result = new ApplyResult(IsChanging ? Outcome.Broken : Outcome.Refused, null, e.Message);
            }

            lock (gate)
                EndPhase(result.Outcome is not (Outcome.Applied or Outcome.Nothing));
            took = SinceStart;
            Result = result;
            return result;
        });

    /// <summary>Asks it to stop; what was begun is put back.</summary>
    public void Cancel() => cancel.Cancel();

    /// <summary>Waits for the end.</summary>
    public ApplyResult Wait() => task!.GetAwaiter().GetResult();

    /// <summary>Waits for the end when nobody looks on any more. A lost terminal is no reason to stop what somebody said yes to; a signal
    /// is one.</summary>
    /// <param name="ended">Why the wizard has to end.</param>
    public ApplyResult WaitAlone(Func<string?> ended)
    {
        while (Result is null)
        {
            if (ended() is { } why && why != SetupSignals.Gone && !IsCancelled)
                Cancel();
            Thread.Sleep(50);
        }

        return Wait();
    }

    /// <inheritdoc/>
    public void Begin(Phase phase, int steps)
    {
        lock (gate)
        {
            EndPhase(false);
            phases.Add(new PhaseProgress(phase, steps, 0, false, SinceStart, null, parts.Count - 1));
            Add(PhaseText.Title(phase));
        }
    }

    /// <inheritdoc/>
    public void Done(Step step, bool passed, string detail, TimeSpan took)
    {
        lock (gate)
        {
            if (phases.Count > 0)
                phases[^1] = phases[^1] with { Done = phases[^1].Done + 1, Failed = phases[^1].Failed || !passed };
            if (step is RunVerification)
                verifications.Add(new VerificationResult(step.Describe(), passed, detail));
            var said = detail.Length > 0 ? $": {detail}" : "";
            var time = took.TotalSeconds >= 1 ? $" ({took.TotalSeconds:0.0} s)" : "";
            Add($"  {(passed ? "ok    " : "failed")} {step.Describe()}{said}{time}");
        }
    }

    /// <inheritdoc/>
    public void Unknown(Step step, string detail)
    {
        lock (gate)
        {
            if (phases.Count > 0)
                phases[^1] = phases[^1] with { Done = phases[^1].Done + 1 };
            verifications.Add(new VerificationResult(step.Describe(), true, detail) { IsUnknown = true });
            Add($"  warn   {step.Describe()}: {detail}");
        }
    }

    /// <inheritdoc/>
    public void Line(string text)
    {
        lock (gate)
            Add($"      {text}");
    }

    /// <inheritdoc/>
    public void Note(string text)
    {
        lock (gate)
        {
            // What is said inside a part begins with blanks.
            if (!text.StartsWith(' '))
            {
                EndPhase(false);
                parts.Add(new PartProgress(text, SinceStart));
            }

            Add(text);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => cancel.Dispose();

    private TimeSpan SinceStart => clock.GetElapsedTime(start);

    // From the first phase on that touches what is in place.
    private bool IsChanging => Phases.Any(p => p.Phase is not (Phase.Packages or Phase.Check));

    private void EndPhase(bool failed)
    {
        if (phases.Count > 0 && phases[^1].Ended is null)
            phases[^1] = phases[^1] with { Ended = SinceStart, Failed = phases[^1].Failed || failed };
    }

    private void Add(string text)
    {
        last = text.Trim();
        lines.Add(text);
        if (lines.Count > MostLines)
            lines.RemoveRange(0, MostLines / 4);
    }
}

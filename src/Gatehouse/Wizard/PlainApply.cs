using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Wizard;

/// <summary>An apply told line by line, and its end.</summary>
internal sealed class PlainApply(PlainTalk talk, Undertaking undertaking, ApplyRun run)
{
    // Long enough not to chatter, short enough to know that it is still at work.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    /// <summary>Tells how it goes until it has ended. An interruption asks it to stop and put everything back.</summary>
    public ApplyResult Follow()
    {
        var told = 0;
        var last = TimeSpan.Zero;
        while (run.Result is null)
        {
            Thread.Sleep(100);
            try
            {
                talk.Watch();
            }
            catch (WizardEndedException e) when (!e.IsGone)
            {
                run.Cancel();
                talk.Say("Stopping; changes made so far are rolled back.");
                throw;
            }

            told = TellPhases(told, ref last);
            if (run.Elapsed - last < Quiet || run.Phases is not [.., { Ended: null } now])
                continue;
            last = run.Elapsed;
            talk.Say($"  still working after {run.Elapsed:m\\:ss}{(now.Steps > 1 ? $", {now.Done} of {now.Steps} done" : "")}");
        }

        TellPhases(told, ref last);
        talk.Say($"It took {run.Elapsed:m\\:ss}.");
        return run.Wait();
    }

    /// <summary>Tells that all went well, and what to do next.</summary>
    public void TellDone(ApplyResult result)
    {
        talk.Say();
        talk.Say(undertaking.Done(run, result));
        foreach (var verification in run.Verifications)
            talk.Say($"  {verification.Word}: {verification.Name}{(verification.Detail.Length > 0 ? $": {verification.Detail}" : "")}");
        talk.Say();
        talk.Say("What to do next:");
        foreach (var step in undertaking.NextSteps)
        {
            // Below a first sentence stands what is to be copied.
            var lines = step.Split('\n', 2);
            talk.Say($"  {lines[0]}");
            if (lines.Length > 1)
                talk.SayAsIs(lines[1]);
        }
    }

    /// <summary>Tells what failed and how the host is now.</summary>
    public void TellFailed(ApplyResult result)
    {
        talk.Say();
        talk.Say($"{ApplyText.Title(result)}. {undertaking.State(result)}");
        talk.Say($"Error: {result.Problem}");
        talk.Say("The last lines:");
        foreach (var line in run.Lines.TakeLast(12))
            talk.SayAsIs($"  {line}");
    }

    private int TellPhases(int told, ref TimeSpan last)
    {
        // The parts of a sequence, and their phases below them.
        var parts = undertaking is ApplyUndertaking ? [] : run.Parts;
        var phases = run
            .Phases.Select(p =>
                (
                    Part: parts.Length > 0 ? p.Part : -1,
                    Text: $"{(parts.Length > 0 ? "  " : "")}{PhaseText.Title(p.Phase)}{(p.Steps > 1 ? $", {p.Steps} steps" : "")}."
                )
            )
            .ToLookup(p => p.Part, p => p.Text);
        string[] all = [.. phases[-1], .. parts.SelectMany((part, i) => phases[i].Prepend($"{part.Text}."))];
        for (; told < all.Length; told++)
        {
            last = run.Elapsed;
            talk.Say(all[told]);
        }

        return told;
    }
}

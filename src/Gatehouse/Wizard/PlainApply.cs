using Gatehouse.Machines;
using Gatehouse.Tui;

namespace Gatehouse.Wizard;

/// <summary>An apply told line by line, and its end.</summary>
internal sealed class PlainApply(PlainTalk talk, SetupSession session, Preview preview, ApplyRun run)
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
                talk.Say("Stopping; what was begun is put back.");
                throw;
            }

            told = TellPhases(told, ref last);
            if (run.Elapsed - last < Quiet || run.Phases is not [.., { Ended: null } now]) continue;
            last = run.Elapsed;
            talk.Say($"  still at it after {run.Elapsed:m\\:ss}{(now.Steps > 1 ? $", {now.Done} of {now.Steps} done" : "")}");
        }

        TellPhases(told, ref last);
        talk.Say($"It took {run.Elapsed:m\\:ss}.");
        return run.Wait();
    }

    /// <summary>Tells that all went well, and what to do next.</summary>
    public void TellDone(ApplyResult result)
    {
        talk.Say();
        talk.Say(session.Machine.IsLive ? $"Done in {run.Elapsed:m\\:ss}: generation {result.Generation?.Number} is in place and verified." : $"Done: generation {result.Generation?.Number} is in place in the tree; nothing runs there to verify.");
        foreach (var verification in run.Verifications) talk.Say($"  ok: {verification.Name}{(verification.Detail.Length > 0 ? $": {verification.Detail}" : "")}");
        talk.Say();
        talk.Say("What to do next:");
        foreach (var step in NextSteps.Lines(preview.Settings, preview.Node, session.Machine.IsLive))
        {
            // Below a first sentence stands what is to be copied.
            var lines = step.Split('\n', 2);
            talk.Say($"  {lines[0]}");
            if (lines.Length > 1) talk.SayAsIs(lines[1]);
        }

        talk.Say("  'gatehouse verify' proves at any time that it works; 'gatehouse rollback' takes this change back.");
    }

    /// <summary>Tells what failed and how the host is now.</summary>
    public void TellFailed(ApplyResult result)
    {
        talk.Say();
        talk.Say($"{ApplyText.Title(result)}. {ApplyText.State(result)}");
        talk.Say($"Error: {result.Problem}");
        talk.Say("The last lines:");
        foreach (var line in run.Lines.TakeLast(12)) talk.SayAsIs($"  {line}");
    }

    private int TellPhases(int told, ref TimeSpan last)
    {
        var phases = run.Phases;
        for (; told < phases.Length; told++)
        {
            last = run.Elapsed;
            talk.Say($"{PhaseText.Title(phases[told].Phase)}{(phases[told].Steps > 1 ? $", {phases[told].Steps} steps" : "")}.");
        }

        return told;
    }
}

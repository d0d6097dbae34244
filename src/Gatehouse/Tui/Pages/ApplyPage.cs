using Gatehouse.Core.Planning;
using Gatehouse.Core.Values;
using Gatehouse.Printing;
using Gatehouse.Tui.Drawing;
using Gatehouse.Wizard;

namespace Gatehouse.Tui.Pages;

/// <summary>An apply as it goes: phases, progress, time, and on demand everything it prints.</summary>
/// <param name="stage">Where it shows.</param>
/// <param name="run">The apply.</param>
/// <param name="plan">What it does; null for a sequence, which tells its parts as it comes to them.</param>
/// <param name="host">The host.</param>
/// <param name="steps">The column of steps.</param>
internal sealed class ApplyPage(Stage stage, ApplyRun run, Plan? plan, string host, Func<IReadOnlyList<StepMark>> steps) : Page
{
    private static readonly string[] Help =
    [
        "The host is being set up, phase by phase. Each phase shows how many of its steps are done. F3 shows every step as it happens.",
        "",
        "If a step fails, everything is rolled back. Esc does the same, after asking. If the connection is lost, the set-up continues to "
            + "its end; 'gatehouse history' shows the result.",
    ];

    private static readonly string[] HelpOfSequence =
    [
        "The host is being set up, part by part, and inside a part phase by phase. Each phase shows how many of its steps are done. F3 "
            + "shows every step as it happens.",
        "",
        "If a step fails, or Esc stops it, files and services are rolled back. What was agreed with other nodes stays, and a retry "
            + "continues from there. If the connection is lost, the set-up continues to its end; 'gatehouse setup' then shows the result.",
    ];

    private static readonly TimeSpan Shown = TimeSpan.FromSeconds(1);
    private bool log;
    private string last = "";
    private TimeSpan since = -Shown;

    /// <inheritdoc/>
    public override bool IsLive => true;

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var inner = Frame.Draw(
            surface,
            host,
            "Applying",
            steps(),
            plan is null ? "F1 Help  F3 Log  Esc Stop" : "F1 Help  F3 Log  Esc Stop and roll everything back"
        );
        var phases = run.Phases;
        var row = 0;
        inner.Put(
            0,
            row,
            $"{run.Elapsed:m\\:ss}  {(run.IsCancelled ? "Stopping; changes made so far are rolled back." : "The host is being set up.")}",
            Look.Bold
        );
        row += inner.Height > 10 ? 2 : 1;
        if (!log)
            row = plan is null ? DrawParts(inner, row, phases) : DrawPhases(inner, row, phases, plan);

        var lines = run.Lines;
        if (log)
            foreach (var line in lines.TakeLast(Math.Max(0, inner.Height - row)))
                inner.Put(0, row++, line, line.Contains("failed", StringComparison.Ordinal) ? Look.Error : Look.Plain);
        else
            inner.Put(0, Math.Min(row + 1, inner.Height - 1), TextWidth.Fit(Last(), inner.Width - 1), Look.Note);
        inner.Cursor(0, 0);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        if (press.Key is Key.Log || press is { Key: Key.Text, Text: "l" or "L" })
            log = !log;
        else if (press.Key == Key.Help)
            stage.Show(new TextPage("Help", (plan is null ? HelpOfSequence : Help).Select(t => new TextRow(t)), ["Close"]));
        else if (press.Key == Key.Escape && !run.IsCancelled && run.Result is null)
            AskToStop();
        OnIdle();
    }

    /// <inheritdoc/>
    public override void OnIdle() => IsClosed |= run.Result is not null;

    private static int DrawPhases(Pane inner, int row, IReadOnlyList<PhaseProgress> phases, Plan plan)
    {
        foreach (var phase in plan.Steps.Select(s => s.Phase).Distinct().Order())
        {
            if (phases.LastOrDefault(p => p.Phase == phase) is { } progress)
                Draw(inner, row++, 0, progress);
            else
                inner.Put(0, row++, $"{(phases.Any(p => p.Phase > phase) ? "-" : " "), -7}{PhaseText.Title(phase)}");
        }

        return row;
    }

    // The phases of a part stand below it.
    private int DrawParts(Pane inner, int row, IReadOnlyList<PhaseProgress> phases)
    {
        var parts = run.Parts;
        for (var i = 0; i < parts.Length; i++)
        {
            var ended = i + 1 < parts.Length;
            inner.Put(0, row, ended ? "ok     " : "...    ", ended ? Look.Good : Look.Bold);
            inner.Put(7, row++, $"{parts[i].Text}{(ended ? Took(parts[i + 1].Began - parts[i].Began) : "")}");
            foreach (var phase in phases.Where(p => p.Part == i))
                Draw(inner, row++, 2, phase);
        }

        return row;
    }

    private static void Draw(Pane inner, int row, int indent, PhaseProgress progress)
    {
        var (mark, look) = progress switch
        {
            { Failed: true } => ("failed ", Look.Error),
            { Ended: not null } => ("ok     ", Look.Good),
            _ => ("...    ", Look.Bold),
        };
        inner.Put(indent, row, mark, look);
        var count = progress.Steps > 1 ? $" ({progress.Done} of {progress.Steps})" : "";
        var time = progress.Ended is { } ended ? Took(ended - progress.Began) : "";
        inner.Put(indent + 7, row, $"{PhaseText.Title(progress.Phase)}{count}{time}");
    }

    private static string Took(TimeSpan time) => time.TotalSeconds >= 1 ? $", {time.TotalSeconds:0} s" : "";

    // What a step says stays long enough to be read, and does not fill a slow line.
    private string Last()
    {
        if (run.Elapsed - since < Shown)
            return last;
        since = run.Elapsed;
        return last = run.Last;
    }

    private void AskToStop()
    {
        var page = new TextPage(
            "Stop?",
            [
                plan is null
                    ? "Files and services that are being changed are rolled back. What was done before stays, and a retry continues from "
                        + "there."
                : run.Phases.Any(p => p.Phase >= Phase.Stop) ? "The host is being changed. If you stop, everything is rolled back."
                : "Nothing in place has been changed yet.",
            ],
            ["Go on", "Stop"]
        );
        stage.Show(page);
        if (page.Answer == 1)
            run.Cancel();
    }
}

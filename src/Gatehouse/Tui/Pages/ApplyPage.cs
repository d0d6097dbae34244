using Gatehouse.Core.Planning;
using Gatehouse.Wizard;

namespace Gatehouse.Tui.Pages;

/// <summary>An apply as it goes: phases, progress, time, and on demand everything it prints.</summary>
internal sealed class ApplyPage(Stage stage, ApplyRun run, Plan plan, string host, Func<IReadOnlyList<StepMark>> steps) : Page
{
    private static readonly string[] Help =
    [
        "The host is being set up, phase by phase; how many steps of a phase are done stands behind it. F3 shows every step as it comes.",
        "",
        "If a step fails, everything is put back as it was. Esc does the same, after asking. If the line breaks, the set-up goes on to its end; 'gatehouse history' tells how it ended.",
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
        var inner = Frame.Draw(surface, host, "Applying", steps(), "F1 Help  F3 Log  Esc Stop and put everything back");
        var phases = run.Phases;
        var row = 0;
        inner.Put(0, row, $"{run.Elapsed:m\\:ss}  {(run.IsCancelled ? "Stopping; what was begun is put back." : "The host is being set up.")}", Look.Bold);
        row += inner.Height > 10 ? 2 : 1;
        var wanted = plan.Steps.Select(s => s.Phase).Distinct().Order().ToArray();
        if (log) wanted = [];
        foreach (var phase in wanted)
        {
            var progress = phases.LastOrDefault(p => p.Phase == phase);
            var (mark, look) = progress switch
            {
                null => (phases.Any(p => p.Phase > phase) ? "-      " : "       ", Look.Plain),
                { Failed: true } => ("failed ", Look.Error),
                { Ended: not null } => ("ok     ", Look.Good),
                _ => ("...    ", Look.Bold),
            };
            var count = progress is { Steps: > 1 } ? $" ({progress.Done} of {progress.Steps})" : "";
            var took = progress is { Ended: { } ended } && (ended - progress.Began).TotalSeconds >= 1 ? $", {(ended - progress.Began).TotalSeconds:0} s" : "";
            inner.Put(0, row, mark, look);
            inner.Put(7, row++, $"{PhaseText.Title(phase)}{count}{took}");
        }

        var lines = run.Lines;
        if (log) foreach (var line in lines.TakeLast(Math.Max(0, inner.Height - row))) inner.Put(0, row++, line, line.Contains("failed", StringComparison.Ordinal) ? Look.Error : Look.Plain);
        else inner.Put(0, Math.Min(row + 1, inner.Height - 1), TextWidth.Fit(Last(), inner.Width - 1), Look.Note);
        inner.Cursor(0, 0);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        if (press.Key is Key.Log || press is { Key: Key.Text, Text: "l" or "L" }) log = !log;
        else if (press.Key == Key.Help) stage.Show(new TextPage("Help", Help.Select(t => new TextRow(t)), ["Close"]));
        else if (press.Key == Key.Escape && !run.IsCancelled && run.Result is null) AskToStop();
        OnIdle();
    }

    /// <inheritdoc/>
    public override void OnIdle() => IsClosed |= run.Result is not null;

    // What a step says stays long enough to be read, and does not fill a slow line.
    private string Last()
    {
        if (run.Elapsed - since < Shown) return last;
        since = run.Elapsed;
        return last = run.Last;
    }

    private void AskToStop()
    {
        var page = new TextPage("Stop?", [run.Phases.Any(p => p.Phase >= Phase.Stop) ? "The host is being changed. If you stop, everything is put back as it was." : "Nothing in place has been changed yet."], ["Go on", "Stop"]);
        stage.Show(page);
        if (page.Answer == 1) run.Cancel();
    }
}

using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;

namespace Gatehouse.Tui;

/// <summary>What the operator wants after the review.</summary>
internal enum ReviewEnd
{
    /// <summary>To the last screen.</summary>
    Back,

    /// <summary>To another step.</summary>
    Jump,

    /// <summary>Out.</summary>
    Quit,

    /// <summary>There is nothing to do.</summary>
    Finish,

    /// <summary>Apply; it was confirmed.</summary>
    Apply,
}

/// <summary>The review: what would happen, the settings, the files; and the last question before anything changes.</summary>
/// <param name="context">What the parts share.</param>
/// <param name="interview">The answers.</param>
/// <param name="leave">Asked, with the review still on the screen, whether it may be left by jumping or quitting.</param>
internal sealed class TuiReview(TuiContext context, Interview interview, Func<ReviewEnd, bool> leave)
{
    /// <summary>The step's title.</summary>
    public const string Title = "Review";

    private readonly Stage stage = context.Stage;
    private readonly SetupSession session = context.Session;

    /// <summary>What was confirmed; null while nothing was.</summary>
    public Preview? Preview { get; private set; }

    /// <summary>Shows it.</summary>
    public ReviewEnd Show()
    {
        List<TextRow> rows = [.. ReviewText.Of(interview, session.InForce()).Select(l => new TextRow(l.Text, LookOf(l.Look)))];
        if (interview.Settings is not { } settings) rows.InsertRange(0, [new TextRow("Some answers will not do; go back to them.", Look.Error), ""]);
        else
        {
            if (session.SaveTo.Length > 0) context.Save(interview, session.SaveTo);
            var text = session.AnswerText(interview);
            var planning = Task.Run(() => session.PreviewAsync(settings, text, CancellationToken.None));
            if (!Wait("Working out what would change ...", planning)) return ReviewEnd.Back;
            Preview = planning.IsCompletedSuccessfully ? planning.Result : null;
            rows.InsertRange(0, Preview is null ? NoPreview(planning.Exception?.GetBaseException() ?? new OperationCanceledException()) : WhatHappens(Preview));
        }

        return Ask(rows);
    }

    private ReviewEnd Ask(IEnumerable<TextRow> rows)
    {
        var end = ReviewEnd.Back;
        var buttons = Buttons();
        stage.Show(new ReviewPage(Title, context.Host, context.Steps, buttons, buttons.Length - 1, rows, Take) { Keys = "F2 Steps  Esc Quit" });
        return end;

        bool Take(string button)
        {
            switch (button)
            {
                case "Files":
                    ShowFiles(Preview!);
                    return false;
                case "Save":
                    context.AskAndSave(interview);
                    return false;
                case "F1":
                    context.Say(Title, "Nothing has been changed yet. Read what will happen, look into the files, save the answers for another host; then apply, or go back.", "", "If anything fails while it is applied, everything is put back as it was.");
                    return false;
                case "Apply" when !Confirm():
                    return false;
                default:
                    end = button switch { "Apply" => ReviewEnd.Apply, "Finish" => ReviewEnd.Finish, "F2" => ReviewEnd.Jump, "Esc" => ReviewEnd.Quit, _ => ReviewEnd.Back };
                    return button != "F3" && (end is not (ReviewEnd.Jump or ReviewEnd.Quit) || leave(end));
            }
        }
    }

    private string[] Buttons() => Preview switch
    {
        null => ["Save", "Back"],
        { Plan.IsEmpty: true } => ["Back", "Save", "Finish"],
        var some when some.Plan.Of<PutEntry>().Any(FileDiff.Has) => ["Back", "Files", "Save", "Apply"],
        _ => ["Back", "Save", "Apply"],
    };

    private IEnumerable<TextRow> WhatHappens(Preview preview)
    {
        yield return new TextRow("What will happen", Look.Bold);
        foreach (var line in PlanWords.Of(preview.Plan, preview.Node)) yield return $"  {line}";
        if (preview.Recovered) yield return $"  {PlanWords.Recovered}";
        if (session.Replaced() is { } replaced) yield return $"  {replaced}";
        yield return "";
    }

    private static IEnumerable<TextRow> NoPreview(Exception e) =>
        [new TextRow("It could not be worked out what would change:", Look.Error), new TextRow($"!! {e.Message}", Look.Error), ""];

    private bool Confirm()
    {
        // Nobody's type-ahead may answer this.
        stage.Surface.Forget();
        var ask = new AskPage("Apply?", $"{PlanWords.MailInterruption(Preview!.Plan)} If anything fails, everything is put back. Type 'yes' to change this host now.", "", t => t.Equals("yes", StringComparison.OrdinalIgnoreCase) ? null : "Only 'yes' begins; Esc goes back.");
        stage.Show(ask);
        return ask.Answer is not null;
    }

    private void ShowFiles(Preview preview)
    {
        var puts = preview.Plan.Of<PutEntry>().Where(FileDiff.Has).ToArray();
        var items = puts.Select(p => new MenuItem($"{(p.Before.Kind == EntryKind.Absent ? "new    " : "changed")} {p.Entry.Path}")).ToArray();
        var at = 0;
        while (true)
        {
            var menu = new MenuPage("Files", "Enter shows what changes inside.", items, at);
            stage.Show(menu);
            if (menu.Answer < 0) return;
            at = menu.Answer;
            var diff = Task.Run(() => session.DiffAsync(puts[at], preview.Node, CancellationToken.None));
            if (Wait("Comparing ...", diff) && diff.IsCompletedSuccessfully)
                stage.Show(new TextPage(puts[at].Entry.Path, diff.Result.TrimEnd().Split('\n').Select(DiffRow), ["Close"]) { IsWide = true });
        }
    }

    private static TextRow DiffRow(string line) =>
        new(line.Replace("\t", "    ", StringComparison.Ordinal), line.StartsWith('+') ? Look.Good : line.StartsWith('-') ? Look.Error : Look.Plain);

    // False when the operator did not want to wait.
    private bool Wait(string text, Task task)
    {
        var page = new WaitPage(context.Host, Title, context.Steps, text, task);
        stage.Show(page);
        return !page.IsAbandoned;
    }

    private static Look LookOf(ReviewLook look) => look switch
    {
        ReviewLook.Heading => Look.Bold,
        ReviewLook.Changed => Look.Good,
        ReviewLook.Wrong => Look.Error,
        ReviewLook.Remark => Look.Note,
        _ => Look.Plain,
    };
}

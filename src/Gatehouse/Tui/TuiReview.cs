using Gatehouse.Core.Planning;
using Gatehouse.Core.Wizard;
using Gatehouse.Printing;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
using Look = Gatehouse.Tui.Drawing.Look;

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
/// <param name="task">What is being done.</param>
/// <param name="interview">The answers.</param>
/// <param name="leave">Asked, with the review still on the screen, whether it may be left by jumping or quitting.</param>
internal sealed class TuiReview(TuiContext context, WizardTask task, Interview interview, Func<ReviewEnd, bool> leave)
{
    /// <summary>The step's title.</summary>
    public const string Title = "Review";

    private readonly Stage stage = context.Stage;
    private readonly SetupSession session = context.Session;

    /// <summary>What would be done, or was confirmed; null while that is not known.</summary>
    public Undertaking? Undertaking { get; private set; }

    private Preview? Preview => Undertaking?.Preview;

    /// <summary>Shows it.</summary>
    public ReviewEnd Show()
    {
        List<TextRow> rows = [.. ReviewText.Of(interview, session.InForce()).Select(l => new TextRow(l.Text, LookOf(l.Look)))];
        if (!SetupSession.IsAnswered(task, interview))
            rows.InsertRange(0, [new TextRow("Some answers are not valid; go back and correct them.", Look.Error), ""]);
        else
        {
            if (session.SaveTo.Length > 0 && task.AsksSettings)
                context.Save(interview, session.SaveTo);
            var planning = session.Undertake(task, interview);
            if (!Wait(ApplyText.Preparing(task), planning))
                return ReviewEnd.Back;
            Undertaking = planning.IsCompletedSuccessfully ? planning.Result : null;
            rows.InsertRange(
                0,
                Undertaking is null
                    ? Failed(planning.Exception?.GetBaseException() ?? new OperationCanceledException())
                    : WhatHappens(Undertaking)
            );
        }

        return Ask(rows);
    }

    private ReviewEnd Ask(IEnumerable<TextRow> rows)
    {
        var end = ReviewEnd.Back;
        var buttons = Buttons();
        stage.Show(
            new ReviewPage(Title, context.Host, context.Steps, buttons, buttons.Length - 1, rows, Take) { Keys = "F2 Steps  Esc Quit" }
        );
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
                    context.Say(
                        Title,
                        task.AsksSettings
                            ? "Nothing has been changed yet. Read what will happen, look into the files, save the answers for another "
                                + "host; then apply, or go back."
                            : "Nothing has been changed yet. Read what will happen; then apply, or go back.",
                        "",
                        "If anything fails during the apply, everything is rolled back."
                    );
                    return false;
                case "Apply" when !Confirm():
                    return false;
                default:
                    end = button switch
                    {
                        "Apply" => ReviewEnd.Apply,
                        "Finish" => ReviewEnd.Finish,
                        "F2" => ReviewEnd.Jump,
                        "Esc" or "Quit" => ReviewEnd.Quit,
                        _ => ReviewEnd.Back,
                    };
                    return button != "F3" && (end is not (ReviewEnd.Jump or ReviewEnd.Quit) || leave(end));
            }
        }
    }

    private string[] Buttons()
    {
        // Without questions there is nothing to go back to, and without settings nothing to save.
        string[] back = interview.Screens.IsEmpty ? ["Quit"] : ["Back"];
        string[] save = task.AsksSettings ? ["Save"] : [];
        return Undertaking switch
        {
            null => [.. save, .. back],
            { Obstacle.Length: > 0 } => back,
            { IsNothing: true } => [.. back, .. save, "Finish"],
            { Preview: { } some } when some.Plan.Of<PutEntry>().Any(FileDiff.Has) => [.. back, "Files", .. save, "Apply"],
            _ => [.. back, .. save, "Apply"],
        };
    }

    private static IEnumerable<TextRow> WhatHappens(Undertaking undertaking)
    {
        yield return new TextRow(
            undertaking.Obstacle.Length > 0 ? undertaking.Obstacle : "What will happen",
            undertaking.Obstacle.Length > 0 ? Look.Error : Look.Bold
        );
        foreach (var line in undertaking.WhatHappens)
            yield return new TextRow($"  {line.Text}", LookOf(line.Look));
        yield return "";
        if (undertaking.Picture is not { } picture)
            yield break;
        foreach (var row in TextRows.Of(picture))
            yield return row;
    }

    private IEnumerable<TextRow> Failed(Exception e) =>
        [
            new TextRow(ApplyText.NotPrepared(task), Look.Error),
            .. $"!! {e.Message}".Split('\n').Select(l => new TextRow(l, Look.Error)),
            "",
        ];

    private bool Confirm()
    {
        // Nobody's type-ahead may answer this.
        stage.Surface.Forget();
        var ask = new AskPage(
            "Apply?",
            $"{Undertaking!.Question} Type 'yes' to change this host now.",
            "",
            t => t.Equals("yes", StringComparison.OrdinalIgnoreCase) ? null : "Only 'yes' starts the apply; Esc goes back."
        );
        stage.Show(ask);
        return ask.Answer is not null;
    }

    private void ShowFiles(Preview preview)
    {
        var puts = preview.Plan.Of<PutEntry>().Where(FileDiff.Has).ToArray();
        var items = puts.Select(p => new MenuItem($"{FileDiff.Word(p), -7} {p.Entry.Path}")).ToArray();
        var at = 0;
        while (true)
        {
            var menu = new MenuPage("Files", "Enter shows what changes inside a file.", items, at);
            stage.Show(menu);
            if (menu.Answer < 0)
                return;
            at = menu.Answer;
            var diff = Task.Run(() => session.DiffAsync(puts[at], preview.Node, CancellationToken.None));
            if (Wait("Comparing ...", diff) && diff.IsCompletedSuccessfully)
                stage.Show(
                    new TextPage(puts[at].Entry.Path, diff.Result.TrimEnd().Split('\n').Select(DiffRow), ["Close"]) { IsWide = true }
                );
        }
    }

    private static TextRow DiffRow(string line) =>
        new(
            "",
            line.StartsWith('+') ? Look.Good
                : line.StartsWith('-') ? Look.Error
                : Look.Plain
        )
        {
            Drawing = width => Words.Cut(line.Replace("\t", "    ", StringComparison.Ordinal), width),
        };

    // False when the operator did not want to wait.
    private bool Wait(string text, Task task)
    {
        var page = new WaitPage(context.Host, Title, context.Steps, text, task);
        stage.Show(page);
        return !page.IsAbandoned;
    }

    private static Look LookOf(ReviewLook look) =>
        look switch
        {
            ReviewLook.Heading => Look.Bold,
            ReviewLook.Changed => Look.Good,
            ReviewLook.Wrong => Look.Error,
            ReviewLook.Remark => Look.Note,
            _ => Look.Plain,
        };
}

using Gatehouse.Core.Planning;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;

namespace Gatehouse.Tui;

/// <summary>The wizard on the full screen: first question, screens, review, apply, end.</summary>
internal sealed class TuiWizard
{
    private const string Review = "Review";
    private readonly SetupSession session;
    private readonly Surface surface;
    private readonly Stage stage;
    private readonly string host;
    private readonly string terminal;
    private readonly SetupLock only;
    private readonly Func<string?> ended;
    private Progress? progress;
    private FormPage? form;
    private long lastSaved;

    /// <summary>A wizard on a terminal.</summary>
    /// <param name="session">What it works on.</param>
    /// <param name="surface">The terminal.</param>
    /// <param name="only">The lock it holds.</param>
    /// <param name="terminal">The terminal's name.</param>
    /// <param name="host">What the host is called, for the title.</param>
    /// <param name="ended">Why it must end now (a signal); null while it need not.</param>
    public TuiWizard(SetupSession session, Surface surface, SetupLock only, string terminal, string host, Func<string?> ended)
    {
        this.session = session;
        this.surface = surface;
        this.only = only;
        this.terminal = terminal;
        this.host = host;
        this.ended = ended;
        stage = new Stage(surface, Watch);
    }

    /// <summary>Whether the host is being changed right now: a lost terminal does not end that.</summary>
    public ApplyRun? Run { get; private set; }

    /// <summary>Runs it to its end; the exit code.</summary>
    /// <exception cref="WizardEndedException">It had to end early; the draft is saved.</exception>
    public int Go()
    {
        try
        {
            if (Begin() is { } refused) return refused;
            while (true)
            {
                var end = progress!.Screen is null ? ShowReview() : ShowForm();
                if (end is { } code) return code;
            }
        }
        catch (WizardEndedException e)
        {
            SaveDraft();
            if (Run is not { Result: null } run) throw;
            // A lost terminal is no reason to stop what somebody said yes to; a signal is one, and everything is put back.
            if (!e.IsGone) run.Cancel();
            var result = run.Wait();
            Finish(result);
            return CodeOf(result);
        }
    }

    // Null when the questions can begin, else the exit code.
    private int? Begin()
    {
        var tasks = WizardTask.For(session.IsSetUp);
        if (session.HasAnswers)
        {
            progress = new Progress(tasks[0], session.Begin(tasks[0]), session.Only);
            return ObstacleCode();
        }

        var draft = session.Home.ReadDraft();
        var items = new List<MenuItem>();
        if (draft is not null) items.Add(new MenuItem("Go on where you stopped", "What was typed before is still there."));
        items.AddRange(tasks.Select(t => new MenuItem(t.Title, t.Help)));
        items.Add(new MenuItem("Quit", "Nothing has been changed."));
        var start = new StartPage(stage, session, host, items, draft is null ? null : () => DraftText.Of(draft, session.Screens, DateTimeOffset.UtcNow));
        stage.Show(start);
        if (start.Answer < 0 || start.Answer == items.Count - 1) return ExitCodes.Cancelled;
        if (ObstacleCode() is { } refused) return refused;
        if (draft is not null && start.Answer == 0) progress = Progress.Of(draft, session.Resume(draft));
        else
        {
            var task = tasks[start.Answer - (draft is null ? 0 : 1)];
            progress = new Progress(task, session.Begin(task), session.Only);
        }

        return null;
    }

    private int? ObstacleCode()
    {
        if (session.Obstacle() is not { } obstacle) return null;
        stage.Show(new TextPage("This host cannot be set up", [new TextRow(obstacle, Look.Error)], ["Quit"]));
        return ExitCodes.Refused;
    }

    private int? ShowForm()
    {
        var at = progress!.Step;
        form = new FormPage(stage, progress.Interview, progress.Screen!, host, Steps, progress.IsVisited(progress.Screen!), progress.Field);
        stage.Show(form);
        var end = form.End;
        // Who stays after all, or comes back later, finds the cursor where it was.
        progress.Field = end == FormEnd.Quit ? form.Current?.Path ?? "" : "";
        var screen = progress.Screen!;
        form = null;
        switch (end)
        {
            case FormEnd.Next:
                progress.Visit(screen);
                progress.Step = at + 1;
                SaveDraft();
                return null;
            case FormEnd.Back when at > 0:
                progress.Step = at - 1;
                return null;
            case FormEnd.Jump:
                Jump();
                return null;
            case FormEnd.Quit:
                return AskToQuit();
            default:
                surface.Bell();
                return null;
        }
    }

    private void Jump()
    {
        var interview = progress!.Interview;
        var reachable = interview.Screens.Select((s, i) => progress.IsVisited(s) || i == progress.Step).ToList();
        reachable.Add(progress.IsComplete);
        var titles = interview.Screens.Select(s => s.Title).Append(Review).ToArray();
        var items = titles.Select((t, i) => new MenuItem($"{i + 1} {t}", reachable[i] ? "" : "Go through the steps before it first.", reachable[i])).ToArray();
        var menu = new MenuPage("Go to step", "", items, progress.Step);
        stage.Show(menu);
        if (menu.Answer >= 0) progress.Step = menu.Answer;
    }

    private int? AskToQuit()
    {
        var keep = progress!.KeepSecrets;
        while (true)
        {
            var hasSecrets = progress.Interview.SaveSecrets().Count > 0;
            List<TextRow> text = ["Nothing has been changed on this host. What you typed is kept: 'gatehouse setup' goes on where you stop."];
            if (hasSecrets) text.AddRange(["", keep ? "Passwords are kept too, in a file that only root can read." : "Passwords are not kept; you will have to type them again."]);
            string[] buttons = hasSecrets ? ["Stay", "Quit", "Forget all and quit", keep ? "Do not keep passwords" : "Keep passwords"] : ["Stay", "Quit", "Forget all and quit"];
            var page = new TextPage("Quit?", text, buttons);
            stage.Show(page);
            if (page.Answer == 3) keep = !keep;
            else if (page.Answer is -1 or 0) return null;
            else
            {
                progress.KeepSecrets = keep;
                if (page.Answer == 1) SaveDraft();
                else session.Home.Forget();
                progress = page.Answer == 1 ? progress : null;
                return ExitCodes.Cancelled;
            }
        }
    }

    private int? ShowReview()
    {
        var interview = progress!.Interview;
        var before = session.InForce();
        var settings = interview.Settings;
        var text = session.AnswerText(interview);
        if (session.SaveTo.Length > 0 && settings is not null) Save(session.SaveTo);
        Preview? preview = null;
        List<TextRow> rows = [.. ReviewText.Of(interview, before).Select(l => new TextRow(l.Text, LookOf(l.Look)))];
        if (settings is not null)
        {
            var planning = Task.Run(() => session.PreviewAsync(settings, text, CancellationToken.None));
            var wait = new WaitPage("Working out what would change ...", planning);
            stage.Show(wait);
            if (wait.IsAbandoned)
            {
                progress.Step = Math.Max(0, progress.Step - 1);
                return null;
            }

            if (planning.IsCompletedSuccessfully)
            {
                preview = planning.Result;
                rows.InsertRange(0, [new TextRow("What will happen", Look.Bold), .. PlanWords.Of(preview.Plan, preview.Node).Select(l => new TextRow($"  {l}")), .. Existing(preview.Plan)]);
            }
            else rows.InsertRange(0, [new TextRow("It could not be worked out what would change:", Look.Error), new TextRow($"!! {planning.Exception!.InnerException!.Message}", Look.Error)]);
        }
        else rows.InsertRange(0, [new TextRow("Some answers will not do; go back to them.", Look.Error)]);

        var hasFiles = preview?.Plan.Of<PutEntry>().Any(FileDiff.Has) == true;
        string[] buttons = preview is null ? ["Back", "Save"] : preview.Plan.IsEmpty ? ["Back", "Save", "Finish"] : hasFiles ? ["Back", "Files", "Save", "Apply"] : ["Back", "Save", "Apply"];
        var page = new ReviewPage(Review, host, Steps, buttons, buttons.Length - 1) { Keys = "F2 Steps  Esc Quit" };
        page.Show(rows);
        while (true)
        {
            page.Reopen();
            stage.Show(page);
            switch (page.Answer)
            {
                case "Back":
                    progress.Step = Math.Max(0, interview.Screens.Length - 1);
                    return null;
                case "F2":
                    Jump();
                    if (progress.Screen is not null) return null;
                    break;
                case "F1":
                    stage.Show(new TextPage(Review, ["Nothing has been changed yet. Read what will happen, look into the files, save the answers for another host; then apply, or go back.", "", "If anything fails while it is applied, everything is put back as it was."], ["Close"]));
                    break;
                case "Files":
                    ShowFiles(preview!);
                    break;
                case "Save":
                    AskAndSave();
                    break;
                case "Finish":
                    session.Home.Forget();
                    return ExitCodes.Done;
                case "Apply" when ConfirmApply(preview!):
                    if (Apply(preview!) is { } code) return code;
                    return null;
                case "Esc":
                    if (AskToQuit() is { } quit) return quit;
                    break;
            }
        }
    }

    private IEnumerable<TextRow> Existing(Plan plan) =>
        plan.Of<InstallPackages>().Any() || session.IsSetUp || session.Facts.Existing.IsEmpty || !session.Machine.IsLive
            ? [""]
            : [new TextRow($"  This host already runs: {string.Join(", ", session.Facts.Existing)}. Their configuration is kept; 'gatehouse rollback 0' puts it back.", Look.Note), ""];

    private void ShowFiles(Preview preview)
    {
        var puts = preview.Plan.Of<PutEntry>().Where(FileDiff.Has).ToArray();
        var at = 0;
        while (true)
        {
            var menu = new MenuPage("Files", "Enter shows what changes inside.", [.. puts.Select(p => new MenuItem($"{(p.Before.Kind == Core.Rendering.EntryKind.Absent ? "new    " : "changed")} {p.Entry.Path}"))], at);
            stage.Show(menu);
            if (menu.Answer < 0) return;
            at = menu.Answer;
            var diff = Task.Run(() => session.DiffAsync(puts[at], preview.Node, CancellationToken.None));
            stage.Show(new WaitPage("Comparing ...", diff));
            if (!diff.IsCompletedSuccessfully) continue;
            stage.Show(new TextPage(puts[at].Entry.Path, diff.Result.TrimEnd().Split('\n').Select(l => new TextRow(l.Replace("\t", "    ", StringComparison.Ordinal), l.StartsWith('+') ? Look.Good : l.StartsWith('-') ? Look.Error : Look.Plain)), ["Close"]) { IsWide = true });
        }
    }

    private void AskAndSave()
    {
        var ask = new AskPage("Save the answers", "To which file? Only you will be able to read it. Passwords are not in it; it names the files they are kept in.", Path.GetFullPath("answers.yaml"), p => p.Length == 0 ? "Write the path of a file." : Directory.Exists(p) ? "That is a directory." : null);
        stage.Show(ask);
        if (ask.Answer is { } path) Save(path);
    }

    private void Save(string path)
    {
        try
        {
            SetupSession.SaveAnswers(path, session.AnswerText(progress!.Interview), progress.Interview.Secrets);
            stage.Show(new TextPage("Saved", [$"The answers are in {Path.GetFullPath(path)}. 'gatehouse apply {path}' makes another host the same."], ["Close"]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            stage.Show(new TextPage("Not saved", [new TextRow($"!! {e.Message}", Look.Error)], ["Close"]));
        }
    }

    private bool ConfirmApply(Preview preview)
    {
        // Nobody's type-ahead may answer this.
        surface.Forget();
        var ask = new AskPage("Apply?", $"{PlanWords.MailInterruption(preview.Plan)} If anything fails, everything is put back. Type 'yes' to change this host now.", "", t => t.Equals("yes", StringComparison.OrdinalIgnoreCase) ? null : "Only 'yes' begins; Esc goes back.");
        stage.Show(ask);
        return ask.Answer is not null;
    }

    // Null goes back to the review or the screens.
    private int? Apply(Preview preview)
    {
        SaveDraft();
        only.Tell(true);
        using var run = session.Apply(preview, progress!.Interview.Secrets);
        Run = run;
        stage.Show(new ApplyPage(stage, run, preview.Plan, host, Steps));
        var result = run.Wait();
        only.Tell(false);
        Finish(result);
        return result.Outcome is Outcome.Applied or Outcome.Nothing ? ShowDone(preview, run, result) : ShowFailed(preview, run, result);
    }

    private void Finish(ApplyResult result)
    {
        if (result.Outcome is Outcome.Applied or Outcome.Nothing) session.Home.Forget();
    }

    private int ShowDone(Preview preview, ApplyRun run, ApplyResult result)
    {
        var isApplied = progress;
        progress = null;
        var next = NextSteps.Lines(preview.Settings, preview.Node, session.Machine.IsLive).ToArray();
        var generated = preview.Settings.Web.Password.Source == Core.Settings.PasswordSource.Generate;
        var text = new List<TextRow>
        {
            new(session.Machine.IsLive ? $"Done in {run.Elapsed:m\\:ss}: generation {result.Generation?.Number} is in place and verified." : $"Done: generation {result.Generation?.Number} is in place in the tree; nothing runs there to verify.", Look.Good),
            "",
        };
        text.AddRange(run.Verifications.Select(v => new TextRow($"  ok  {v.Name}{(v.Detail.Length > 0 ? $": {v.Detail}" : "")}")));
        if (run.Verifications.Length > 0) text.Add("");
        text.Add(new TextRow("What to do next", Look.Bold));
        text.AddRange(next.Select(n => new TextRow($"  {n.Replace("\n", "\n  ", StringComparison.Ordinal)}")));
        text.Add("  'gatehouse verify' proves at any time that it works; 'gatehouse rollback' takes this change back.");
        string[] buttons = generated ? ["Finish", "Show password", "Save answers"] : ["Finish", "Save answers"];
        var page = new ReviewPage("Done", host, () => [], buttons, 0) { Keys = "F3 Log" };
        page.Show(text);
        while (true)
        {
            page.Reopen();
            stage.Show(page);
            switch (page.Answer)
            {
                case "Show password":
                    stage.Show(new TextPage("Password", [$"The management web takes '{preview.Settings.Web.Administrator}' with", "", new TextRow(session.GeneratedPassword() ?? "(not found)", Look.Bold), "", "It stays in /etc/gatehouse/secrets/web-password."], ["Close"]));
                    break;
                case "Save answers":
                    progress = isApplied;
                    AskAndSave();
                    progress = null;
                    break;
                case "F3":
                    ShowLog(run);
                    break;
                case "Finish" or "Esc":
                    return ExitCodes.Done;
            }
        }
    }

    private int? ShowFailed(Preview preview, ApplyRun run, ApplyResult result)
    {
        var (title, state) = result.Outcome switch
        {
            Outcome.Refused => ("Not applied", "Nothing in place was changed; what ran before goes on running. Installed packages stay."),
            Outcome.RolledBack => ("Rolled back", "Everything was put back: the host works as before."),
            _ => ("Failed", "Putting back failed as well: the host needs you. 'gatehouse rollback --interrupted' tries again."),
        };
        List<TextRow> text = [new TextRow(state, result.Outcome == Outcome.Broken ? Look.Error : Look.Bold), "", .. result.Problem.Split('\n').Select((l, i) => new TextRow(i == 0 ? $"!! {l}" : l, i == 0 ? Look.Error : Look.Plain)), "", new TextRow("The last lines", Look.Bold), .. run.Lines.TakeLast(12).Select(l => new TextRow(l))];
        var page = new ReviewPage(title, host, Steps, ["Retry", "Edit", "Report", "Shell", "Quit"], 0) { Keys = "F3 Log" };
        page.Show(text);
        while (true)
        {
            page.Reopen();
            stage.Show(page);
            switch (page.Answer)
            {
                case "Retry":
                    return Apply(preview);
                case "Edit":
                    progress!.Step = 0;
                    Jump();
                    return null;
                case "Report":
                    SaveReport(run, result);
                    break;
                case "Shell":
                    surface.Lend(Shell.Run);
                    break;
                case "F3":
                    ShowLog(run);
                    break;
                case "Quit" or "Esc":
                    SaveDraft();
                    return CodeOf(result);
            }
        }
    }

    private static int CodeOf(ApplyResult result) => result.Outcome switch
    {
        Outcome.Applied or Outcome.Nothing => ExitCodes.Done,
        Outcome.Refused => ExitCodes.Refused,
        Outcome.RolledBack => ExitCodes.RolledBack,
        _ => ExitCodes.Failed,
    };

    private void SaveReport(ApplyRun run, ApplyResult result)
    {
        try
        {
            var path = SetupReport.Write(session, progress!.Interview, run, result);
            stage.Show(new TextPage("Report", [$"The report is in {path}. It holds the answers without passwords, the facts of this host and the log; read it before you send it to anybody."], ["Close"]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            stage.Show(new TextPage("Not saved", [new TextRow($"!! {e.Message}", Look.Error)], ["Close"]));
        }
    }

    private void ShowLog(ApplyRun run) => stage.Show(new TextPage("Log", run.Lines.Select(l => new TextRow(l)), ["Close"]) { IsWide = true });

    private IReadOnlyList<StepMark> Steps()
    {
        var interview = progress?.Interview;
        if (interview is null) return [];
        var marks = interview.Screens.Select((s, i) => new StepMark(s.Title, i == progress!.Step ? StepState.Current
            : !progress.IsVisited(s) ? StepState.Open
            : interview.HasErrors(s) ? StepState.Wrong : StepState.Done));
        return [.. marks, new StepMark(Review, progress!.Screen is null ? StepState.Current : StepState.Open)];
    }

    // A few times a second: has somebody asked us to end, and is there anything to save?
    private void Watch()
    {
        if (ended() is { } why) throw new WizardEndedException(why, isGone: why == SetupSignals.Gone);
        if (Environment.TickCount64 - lastSaved < 1000) return;
        lastSaved = Environment.TickCount64;
        if (only.IsWanted() is { } other && Run is not { Result: null }) throw new WizardEndedException($"taken over by {other}");
        SaveDraft();
    }

    private void SaveDraft()
    {
        if (progress is null) return;
        if (form is not null)
        {
            form.Sync();
            progress.Field = form.Current?.Path ?? "";
        }

        try
        {
            session.Home.Write(progress.ToDraft(terminal, DateTimeOffset.UtcNow), progress.Interview.SaveSecrets());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to stop asking; the review will meet it where it matters.
        }
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

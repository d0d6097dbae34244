using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Terminal;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui;

/// <summary>The wizard on the full screen: first question, screens, review, apply, end.</summary>
internal sealed class TuiWizard
{
    private readonly SetupSession session;
    private readonly Surface surface;
    private readonly Stage stage;
    private readonly TuiContext context;
    private readonly string terminal;
    private readonly SetupLock only;
    private readonly Func<string?> ended;
    private Progress? progress;
    private FormPage? form;
    private TuiApply? apply;
    private long lastSaved;
    private string unchanged = "Nothing has been changed on this host.";

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
        this.ended = ended;
        stage = new Stage(surface, Watch);
        context = new TuiContext(session, stage, host, Steps);
    }

    /// <summary>Runs it to its end; the exit code.</summary>
    /// <exception cref="WizardEndedException">It had to end early; the draft is saved.</exception>
    public int Go()
    {
        try
        {
            if (Begin() is { } refused)
                return refused;
            while (true)
            {
                var end = progress!.Screen is null ? ShowReview() : ShowForm();
                if (end is { } code)
                    return code;
            }
        }
        catch (WizardEndedException e)
        {
            SaveDraft();
            if (apply?.Run is not { Result: null } run)
                throw;
            if (!e.IsGone)
                run.Cancel();
            var result = run.WaitAlone(ended);
            Finish(result);
            throw new WizardEndedException(e.Message, e.IsGone, result);
        }
    }

    // Null when the questions can begin, else the exit code.
    private int? Begin()
    {
        var tasks = session.Tasks;
        if (session.HasAnswers)
        {
            progress = new Progress(session.FirstTask, session.Begin(session.FirstTask), session.Only);
            return ObstacleCode();
        }

        var draft = session.Draft;
        var items = new List<MenuItem>();
        if (draft is not null)
            items.Add(new MenuItem("Continue where you stopped", "What was typed before is still there."));
        items.AddRange(tasks.Select(t => new MenuItem(t.Title, t.Help)));
        items.Add(new MenuItem("Quit", "Nothing has been changed."));
        var start = new StartPage(
            stage,
            session,
            context.Host,
            items,
            draft is null ? null : () => DraftText.Of(draft, session.Screens, DateTimeOffset.UtcNow)
        );
        stage.Show(start);
        if (start.Answer < 0 || start.Answer == items.Count - 1)
            return ExitCodes.Cancelled;
        if (ObstacleCode() is { } refused)
            return refused;
        if (draft is not null && start.Answer == 0)
            progress = Progress.Of(draft, session.Resume(draft));
        else
        {
            var task = tasks[start.Answer - (draft is null ? 0 : 1)];
            if (task == WizardTask.Keep || task == WizardTask.Grow)
                return Serve(task);
            progress = new Progress(task, session.Begin(task), session.Only);
        }

        return null;
    }

    // What a member does without a question about settings.
    private int Serve(WizardTask task)
    {
        if (task == WizardTask.Keep && ClusterKeys.Left(session.Machine) is { } keys)
            new TuiKeys(context, keys).Show();
        new TuiNodes(context, only).Show(new ClusterFiles(session.Machine).Node?.ClusterName ?? "");
        return ExitCodes.Done;
    }

    private int? ObstacleCode()
    {
        if (session.Obstacle() is not { } obstacle)
            return null;
        stage.Show(new TextPage("This host cannot be set up", [new TextRow(obstacle, Look.Error)], ["Quit"]));
        return ExitCodes.Refused;
    }

    private int? ShowForm()
    {
        var screen = progress!.Screen!;
        if (progress.Step == progress.Interview.Screens.Length - 1 && progress.Task.AsksSettings)
            session.PrepareToRender();
        var page = form = new FormPage(
            stage,
            progress.Interview,
            screen,
            context.Host,
            Steps,
            progress.IsVisited(screen),
            MayLeave,
            progress.Field
        );
        stage.Show(page);
        var end = page.End;
        form = null;
        if (end == FormEnd.Quit)
            return ExitCodes.Cancelled;
        progress.Field = "";
        if (end == FormEnd.Next)
            progress.Visit(screen);
        if (end is FormEnd.Next or FormEnd.Back)
            progress.Step += end == FormEnd.Next ? 1 : -1;
        SaveDraft();
        return null;
    }

    private bool MayLeave(FormEnd end)
    {
        switch (end)
        {
            case FormEnd.Back when progress!.Step == 0:
                surface.Bell();
                return false;
            case FormEnd.Jump:
                return Jump();
            case FormEnd.Quit:
                return AskToQuit();
            default:
                return true;
        }
    }

    // False when the operator stays where they are.
    private bool Jump()
    {
        var interview = progress!.Interview;
        var reachable = interview
            .Screens.Select((s, i) => progress.IsVisited(s) || i == progress.Step)
            .Append(progress.IsComplete)
            .ToArray();
        var titles = interview.Screens.Select(s => s.Title).Append(TuiReview.Title);
        var items = titles
            .Select((t, i) => new MenuItem($"{i + 1} {t}", reachable[i] ? "" : "Go through the earlier steps first.", reachable[i]))
            .ToArray();
        var menu = new MenuPage("Go to step", "", items, progress.Step);
        stage.Show(menu);
        if (menu.Answer < 0)
            return false;
        progress.Step = menu.Answer;
        return true;
    }

    // Keeps or forgets what was typed; false when the operator stays.
    private bool AskToQuit()
    {
        while (true)
        {
            var keep = progress!.KeepSecrets;
            List<TextRow> text = [$"{unchanged} What you typed is kept: 'gatehouse setup' continues where you stop."];
            List<string> buttons = ["Stay", "Quit", "Forget all and quit"];
            if (progress.Interview.SaveSecrets().Count > 0)
            {
                text.AddRange([
                    "",
                    keep
                        ? "Passwords are kept too, in a file that only root can read."
                        : "Passwords are not kept; you will have to type them again.",
                ]);
                buttons.Add(keep ? "Do not keep passwords" : "Keep passwords");
            }

            var page = new TextPage("Quit?", text, [.. buttons]);
            stage.Show(page);
            switch (page.Answer)
            {
                case 1:
                    SaveDraft();
                    return true;
                case 2:
                    form = null;
                    progress = null;
                    session.Home.Forget();
                    return true;
                case 3:
                    progress.KeepSecrets = !keep;
                    break;
                default:
                    return false;
            }
        }
    }

    private int? ShowReview()
    {
        var review = new TuiReview(context, progress!.Task, progress.Interview, end => end == ReviewEnd.Quit ? AskToQuit() : Jump());
        switch (review.Show())
        {
            case ReviewEnd.Back:
                progress.Step = Math.Max(0, progress.Interview.Screens.Length - 1);
                return null;
            case ReviewEnd.Jump:
                return null;
            case ReviewEnd.Quit:
                return ExitCodes.Cancelled;
            case ReviewEnd.Finish:
                progress = null;
                session.Home.Forget();
                return ExitCodes.Done;
            default:
                return Apply(review.Undertaking!);
        }
    }

    // Null goes back to the answers.
    private int? Apply(Undertaking undertaking)
    {
        while (true)
        {
            SaveDraft();
            only.Tell(true);
            apply = new TuiApply(context, only, progress!.Task, progress.Interview, undertaking);
            var result = apply.Apply();
            only.Tell(false);
            var code = Finish(result);
            unchanged = undertaking.State(result);
            switch (apply.Tell(result))
            {
                case ApplyEnd.Retry when Again() is { } again:
                    undertaking = again;
                    continue;
                case ApplyEnd.Retry:
                    return null;
                case ApplyEnd.Edit:
                    progress!.Step = 0;
                    Jump();
                    return null;
                default:
                    return code;
            }
        }
    }

    // Something may have been mended since, in a shell or by hand; null goes to the review, which says what is wrong.
    private Undertaking? Again()
    {
        var planning = session.Undertake(progress!.Task, progress.Interview);
        stage.Show(new WaitPage(context.Host, TuiReview.Title, Steps, ApplyText.Preparing(progress.Task), planning));
        return planning.IsCompletedSuccessfully && planning.Result.Obstacle.Length == 0 ? planning.Result : null;
    }

    // What was applied needs no draft any more.
    private int Finish(ApplyResult result)
    {
        if (result.Outcome is Outcome.Applied or Outcome.Nothing)
        {
            progress = null;
            session.Home.Forget();
        }

        return ApplyText.Code(result);
    }

    private IReadOnlyList<StepMark> Steps()
    {
        var interview = progress?.Interview;
        if (interview is null)
            return [];
        var marks = interview.Screens.Select(
            (s, i) =>
                new StepMark(
                    s.Title,
                    i == progress!.Step ? StepState.Current
                        : !progress.IsVisited(s) ? StepState.Open
                        : interview.HasErrors(s) ? StepState.Wrong
                        : StepState.Done
                )
        );
        return [.. marks, new StepMark(TuiReview.Title, progress!.Screen is null ? StepState.Current : StepState.Open)];
    }

    // A few times a second: has somebody asked us to end, and is there anything to save?
    private void Watch()
    {
        if (ended() is { } why)
            throw new WizardEndedException(why, isGone: why == SetupSignals.Gone);
        if (Environment.TickCount64 - lastSaved < 1000)
            return;
        lastSaved = Environment.TickCount64;
        if (only.IsWanted() is { } other && apply?.Run is not { Result: null })
            throw new WizardEndedException($"taken over by {other}");
        SaveDraft(isLasting: false);
    }

    private void SaveDraft(bool isLasting = true)
    {
        if (progress is null)
            return;
        if (form is not null)
        {
            form.Sync();
            progress.Field = form.Current?.Path ?? "";
        }

        try
        {
            session.Home.Write(progress.ToDraft(terminal, DateTimeOffset.UtcNow), progress.Interview.SaveSecrets(), isLasting);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to stop asking; the review will meet it where it matters.
        }
    }
}

using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Terminal;

namespace Gatehouse.Wizard;

/// <summary>
/// The wizard line by line: first question, screens, review, apply, end. It is for terminals that cannot draw, for ears and
/// fingertips, and for scripts.
/// </summary>
internal sealed class PlainWizard
{
    private readonly PlainTalk talk;
    private readonly SetupSession session;
    private readonly SetupLock only;
    private readonly string terminal;
    private Progress? progress;
    private PlainForm? form;
    private ApplyRun? run;
    private string unchanged = "Nothing has been changed on this host.";

    /// <summary>A wizard for one operator.</summary>
    /// <param name="talk">The operator.</param>
    /// <param name="session">What it works on.</param>
    /// <param name="only">The lock it holds.</param>
    /// <param name="terminal">The terminal's name.</param>
    public PlainWizard(PlainTalk talk, SetupSession session, SetupLock only, string terminal)
    {
        this.talk = talk;
        this.session = session;
        this.only = only;
        this.terminal = terminal;
        // While the host is being changed nobody takes over.
        talk.AlsoEnded = () => run is not { Result: null } && only.IsWanted() is { } other ? $"taken over by {other}" : null;
    }

    /// <summary>Runs it to its end; the exit code.</summary>
    /// <exception cref="WizardEndedException">It had to end early; the draft is saved.</exception>
    public int Go()
    {
        try
        {
            return Begin() ?? Walk();
        }
        catch (InputEndedException)
        {
            SaveDraft();
            talk.Say();
            talk.Say(
                form is null
                    ? "Error: The input ended at the first question. Nothing has been changed."
                    : $"Error: The input ended at {form.Where()}. Nothing has been changed. What was typed is kept: 'gatehouse setup' "
                        + $"continues where it stopped."
            );
            return ExitCodes.BadInput;
        }
        catch (WizardEndedException e)
        {
            SaveDraft();
            EndLine();
            if (run is not { Result: null })
                throw;
            if (!e.IsGone)
                run.Cancel();
            var result = run.WaitAlone(() => talk.Ended);
            Finish(result);
            throw new WizardEndedException(e.Message, e.IsGone, result);
        }
    }

    // What is said last stands on a line of its own, below an open prompt.
    private void EndLine()
    {
        try
        {
            talk.Say();
        }
        catch (WizardEndedException)
        {
            // Nobody is left to read it.
        }
    }

    // A code to end with at once; null to go on.
    private int? Begin()
    {
        session.Prepare();
        talk.Say("This sets up a mail gateway, question by question. Nothing changes until you confirm at the end.");
        var tasks = session.Tasks;
        Func<Progress>? begin = () => new Progress(session.FirstTask, session.Begin(session.FirstTask), session.Only);
        if (!session.HasAnswers && (begin = AskTask([.. tasks])) is null)
            return ExitCodes.Cancelled;
        if (session.Obstacle() is { } obstacle)
        {
            talk.Say($"Error: This host cannot be set up. {obstacle}");
            return ExitCodes.Refused;
        }

        progress = begin();
        if (progress.Task == WizardTask.Keep || progress.Task == WizardTask.Grow)
        {
            var task = progress.Task;
            progress = null;
            return Serve(task);
        }

        form = new PlainForm(talk, progress, SaveDraft);
        talk.Say();
        talk.Say(PlainWords.Keys);
        return null;
    }

    private Func<Progress>? AskTask(WizardTask[] tasks)
    {
        var draft = session.Draft;
        List<(string Id, string Text, Func<Progress>? Begin)> items = [];
        if (draft is not null)
            items.Add(
                (
                    "draft",
                    $"Continue where you stopped. {DraftText.Of(draft, session.Screens, DateTimeOffset.UtcNow)}",
                    () => Progress.Of(draft, session.Resume(draft))
                )
            );
        foreach (var task in tasks)
            items.Add((task.Id, $"{task.Title}. {task.Help}", () => new Progress(task, session.Begin(task), session.Only)));
        items.Add(("quit", "Quit. Nothing has been changed.", null));
        talk.Say();
        talk.Say("What do you want to do?");
        for (var i = 0; i < items.Count; i++)
            talk.Say($"  {i + 1}. {items[i].Text}");
        while (true)
        {
            var (meaning, answer) = PlainWords.Of(talk.Ask($"Your choice (1 to {items.Count})", "1"));
            if (meaning == PlainMeaning.Keep)
                return items[0].Begin;
            if (meaning == PlainMeaning.Quit)
                return null;
            var chosen = PlainWords.Number(answer, items.Count) is { } number
                ? items[number - 1]
                : items.FirstOrDefault(i => i.Id.Equals(answer, StringComparison.OrdinalIgnoreCase));
            if (chosen.Id is not null)
                return chosen.Begin;
            talk.Say(
                meaning == PlainMeaning.Help
                    ? $"Enter a number from 1 to {items.Count}, or one of: {string.Join(", ", items.Select(i => i.Id))}."
                    : $"Error: Enter a number from 1 to {items.Count}."
            );
        }
    }

    // What a member does without a question about settings.
    private int Serve(WizardTask task)
    {
        if (task == WizardTask.Keep && ClusterKeys.Left(session.Machine) is { } keys)
            new PlainKeys(talk, keys).Ask();
        new PlainNodes(talk, session, only).Ask();
        return ExitCodes.Done;
    }

    private int Walk()
    {
        while (true)
        {
            var code = form!.Walk() == PlainMove.Quit ? AskToQuit() : Review();
            if (code is { } end)
                return end;
        }
    }

    private int? Review()
    {
        progress!.Field = "";
        // A draft may have been left at the review with an answer that does not do any more.
        if (form!.Mend(progress.Interview.Screens.Length))
            return null;
        SaveDraft();
        var review = new PlainReview(talk, session, progress, form);
        switch (review.Ask())
        {
            case ReviewEnd.Quit:
                return AskToQuit();
            case ReviewEnd.Finish:
                session.Home.Forget();
                progress = null;
                return ExitCodes.Done;
            case ReviewEnd.Apply:
                return Apply(review);
            default:
                return null;
        }
    }

    // Null goes back to the questions.
    private int? Apply(PlainReview review)
    {
        var undertaking = review.Undertaking!;
        while (true)
        {
            SaveDraft();
            only.Tell(true);
            using var apply = undertaking.Begin();
            run = apply;
            var face = new PlainApply(talk, undertaking, apply);
            var result = face.Follow();
            only.Tell(false);
            unchanged = undertaking.State(result);
            Finish(result);
            if (result.Outcome is Outcome.Applied or Outcome.Nothing)
            {
                progress = null;
                if (undertaking.Keys is { } keys && !AreKept(keys))
                    return ExitCodes.BadInput;
                face.TellDone(result);
                if (undertaking.Keys is not null)
                    AskForNodes();
                return ExitCodes.Done;
            }

            face.TellFailed(result);
            switch (AskAfterFailure(review, apply, result))
            {
                case "edit":
                    return null;
                case "retry":
                    // Something may have been mended since; the review says what is wrong if it was not.
                    var again = session.Undertake(progress!.Task, progress.Interview);
                    while (Task.WaitAny([again], TimeSpan.FromMilliseconds(100)) < 0)
                        talk.Watch();
                    if (!again.IsCompletedSuccessfully || again.Result.Obstacle.Length > 0)
                        return null;
                    undertaking = again.Result;
                    break;
                case "quit":
                    SaveDraft();
                    return ApplyText.Code(result);
            }
        }
    }

    // False when the input ended before; they stay on the host then.
    private bool AreKept(ClusterKeys keys)
    {
        try
        {
            new PlainKeys(talk, keys).Ask();
            return true;
        }
        catch (InputEndedException)
        {
            talk.Say();
            talk.Say(
                $"Error: The input ended before the keys were kept. The cluster {keys.Name} exists; 'gatehouse setup' on this host "
                    + $"shows its keys again."
            );
            return false;
        }
    }

    // Without more input the cluster is there all the same.
    private void AskForNodes()
    {
        try
        {
            new PlainNodes(talk, session, only).Ask();
        }
        catch (InputEndedException)
        {
            talk.Say();
        }
    }

    private string AskAfterFailure(PlainReview review, ApplyRun apply, ApplyResult result)
    {
        var offer = talk.IsTerminal ? "retry, edit, report, shell, quit" : "retry, edit, report, quit";
        try
        {
            while (true)
            {
                switch (talk.Ask($"What now ({offer})").Trim().ToLowerInvariant())
                {
                    case "retry":
                        return "retry";
                    case "edit" when review.AskStep():
                        return "edit";
                    case "edit":
                        break;
                    case "report":
                        Report(apply, result);
                        break;
                    case "shell" when talk.IsTerminal:
                        only.Tell(true);
                        Shell.Run();
                        only.Tell(false);
                        break;
                    case "quit" or "!":
                        return "quit";
                    default:
                        talk.Say($"Error: Type one of: {offer}.");
                        break;
                }
            }
        }
        catch (InputEndedException)
        {
            // The answers were all there; what counts is how the apply ended.
            return "quit";
        }
    }

    private void Report(ApplyRun apply, ApplyResult result)
    {
        try
        {
            talk.Say(
                $"The report is in {SetupReport.Write(session, progress!.Interview, apply, result)}. It holds the answers without "
                    + $"passwords, the facts of this host and the log; read it before you send it to anybody."
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            talk.Say($"Error: The report could not be saved: {e.Message}");
        }
    }

    private int? AskToQuit()
    {
        talk.Say($"{unchanged} What you typed is kept: 'gatehouse setup' continues where you stop. 'forget' discards it.");
        while (true)
        {
            var answer = talk.Ask("Quit? (yes/no/forget)", "no").Trim();
            if (answer.Equals("forget", StringComparison.OrdinalIgnoreCase))
            {
                session.Home.Forget();
                progress = null;
                return ExitCodes.Cancelled;
            }

            if (answer.Length == 0 || PlainTalk.YesOrNo(answer) == false)
                return null;
            if (PlainTalk.YesOrNo(answer) == true)
                break;
            talk.Say("Error: Answer yes, no or forget.");
        }

        progress!.KeepSecrets =
            progress.Interview.SaveSecrets().Count > 0
            && talk.AskYesNo("Also keep the passwords you typed, in a file that only root can read?", progress.KeepSecrets);
        SaveDraft();
        return ExitCodes.Cancelled;
    }

    private void Finish(ApplyResult result)
    {
        if (result.Outcome is not (Outcome.Applied or Outcome.Nothing))
            return;
        session.Home.Forget();
        progress = null;
    }

    private void SaveDraft()
    {
        if (progress is null)
            return;
        try
        {
            session.Home.Write(progress.ToDraft(terminal, DateTimeOffset.UtcNow), progress.Interview.SaveSecrets(), isLasting: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to stop asking; the review will meet it where it matters.
        }
    }
}

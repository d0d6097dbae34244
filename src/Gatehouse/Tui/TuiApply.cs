using Gatehouse.Core.Settings;
using Gatehouse.Core.Wizard;
using Gatehouse.Machines;
using Gatehouse.Terminal;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui;

/// <summary>What comes of an apply, once it was read.</summary>
internal enum ApplyEnd
{
    /// <summary>It works.</summary>
    Done,

    /// <summary>It failed, and the operator leaves.</summary>
    Quit,

    /// <summary>It failed, and the operator goes back to the answers.</summary>
    Edit,

    /// <summary>It failed, and is to be tried again.</summary>
    Retry,
}

/// <summary>The apply inside the wizard: how it goes, what it proved, or what failed and what can be done about it.</summary>
internal sealed class TuiApply(TuiContext context, SetupLock only, WizardTask task, Interview interview, Undertaking undertaking)
{
    private readonly Stage stage = context.Stage;
    private readonly SetupSession session = context.Session;

    /// <summary>The apply; null before it has begun.</summary>
    public ApplyRun? Run { get; private set; }

    /// <summary>Applies and shows how it goes, to its end.</summary>
    public ApplyResult Apply()
    {
        Run = undertaking.Begin();
        stage.Show(
            new ApplyPage(stage, Run, undertaking is ApplyUndertaking ? undertaking.Preview?.Plan : null, context.Host, context.Steps)
        );
        return Run.Wait();
    }

    /// <summary>Shows what came of it.</summary>
    public ApplyEnd Tell(ApplyResult result) =>
        result.Outcome is Outcome.Applied or Outcome.Nothing ? TellDone(result) : TellFailed(result);

    private ApplyEnd TellDone(ApplyResult result)
    {
        const string show = "Show password",
            save = "Save answers";
        if (undertaking.Keys is { } keys)
            new TuiKeys(context, keys).Show();
        var web = undertaking.Preview?.Settings.Web;
        var starts = undertaking.Keys is not null;
        List<string> labels = ["Finish"];
        if (starts)
            labels.AddRange(TuiNodes.Buttons);
        if (web?.Password.Source == PasswordSource.Generate)
            labels.Add(show);
        if (task.AsksSettings)
            labels.Add(save);
        stage.Show(new ReviewPage("Done", context.Host, () => [], [.. labels], 0, DoneText(result), Take) { Keys = "F1 Help  F3 Log" });
        return ApplyEnd.Done;

        bool Take(string button)
        {
            if (button == show)
                context.Say(
                    "Password",
                    $"Log in to the management web as '{web?.Administrator}' with",
                    "",
                    new TextRow(session.GeneratedPassword() ?? "(not found)", Look.Bold),
                    "",
                    "It stays in /etc/gatehouse/secrets/web-password."
                );
            else if (button == save)
                context.AskAndSave(interview);
            else if (TuiNodes.Buttons.Contains(button))
                new TuiNodes(context, only).Take(button);
            else if (button == "F3")
                ShowLog();
            else if (button == "F1")
                context.Say(
                    "Help",
                    [
                        .. starts ? TuiNodes.Help : [],
                        "The host is set up. This page shows how to use it and what has just been verified. F3 shows every step that was "
                            + "taken.",
                        "",
                        "Finish ends the set-up. 'gatehouse setup' changes the settings at any time.",
                    ]
                );
            return button is "Finish" or "Esc";
        }
    }

    private IEnumerable<TextRow> DoneText(ApplyResult result)
    {
        yield return new TextRow(undertaking.Done(Run!, result), Look.Good);
        yield return "";
        yield return new TextRow("What to do next", Look.Bold);
        foreach (var line in undertaking.NextSteps)
            yield return $"  {line.Replace("\n", "\n  ", StringComparison.Ordinal)}";
        if (Run!.Verifications.IsEmpty)
            yield break;
        yield return "";
        yield return new TextRow("What was verified", Look.Bold);
        foreach (var proof in Run.Verifications)
            yield return $"  {proof.Word}  {proof.Name}{(proof.Detail.Length > 0 ? $": {proof.Detail}" : "")}";
    }

    private ApplyEnd TellFailed(ApplyResult result)
    {
        var problem = result.Problem.Split('\n');
        var end = ApplyEnd.Quit;
        stage.Show(
            new ReviewPage(
                ApplyText.Title(result),
                context.Host,
                context.Steps,
                interview.Screens.IsEmpty ? ["Retry", "Report", "Shell", "Quit"] : ["Retry", "Edit", "Report", "Shell", "Quit"],
                0,
                [
                    new TextRow(undertaking.State(result), result.Outcome == Outcome.Broken ? Look.Error : Look.Bold),
                    "",
                    new TextRow($"!! {problem[0]}", Look.Error),
                    .. problem.Skip(1).Select(l => new TextRow(l)),
                    "",
                    new TextRow("The last lines", Look.Bold),
                    .. Run!.Lines.TakeLast(12).Select(l => new TextRow(l)),
                ],
                Take
            )
            {
                Keys = "F1 Help  F3 Log",
            }
        );
        return end;

        bool Take(string button)
        {
            if (button == "Report")
                SaveReport(result);
            else if (button == "Shell")
                OpenShell();
            else if (button == "F3")
                ShowLog();
            else if (button == "F1")
                context.Say(
                    "Help",
                    "Retry tries the same again, once you have fixed the cause. Edit goes back to the answers. Report saves what the "
                        + "maintainers of Gatehouse need to see, without passwords. Shell opens a shell on this host; 'exit' returns "
                        + "here. Quit keeps the answers for another time.",
                    "",
                    "F3 shows every step that was taken."
                );
            end = button switch
            {
                "Retry" => ApplyEnd.Retry,
                "Edit" => ApplyEnd.Edit,
                _ => ApplyEnd.Quit,
            };
            return button is "Retry" or "Edit" or "Quit" or "Esc";
        }
    }

    // Nobody takes over from somebody who works in a shell.
    private void OpenShell()
    {
        only.Tell(true);
        stage.Surface.Lend(Shell.Run);
        only.Tell(false);
    }

    private void SaveReport(ApplyResult result)
    {
        try
        {
            var path = SetupReport.Write(session, interview, Run!, result);
            context.Say(
                "Report",
                $"The report is in {path}. It holds the answers without passwords, the facts of this host and the log; read it before you "
                    + $"send it to anybody."
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Say("Not saved", new TextRow($"!! {e.Message}", Look.Error));
        }
    }

    private void ShowLog() => stage.Show(new TextPage("Log", Run!.Lines.Select(l => new TextRow(l)), ["Close"]) { IsWide = true });
}

using Gatehouse.Core.Clusters;
using Gatehouse.Core.Planning;
using Gatehouse.Printing;

namespace Gatehouse.Wizard;

/// <summary>What the operator wants after the review.</summary>
internal enum ReviewEnd
{
    /// <summary>Other answers: the form has been told where to go.</summary>
    Back,

    /// <summary>Apply, confirmed.</summary>
    Apply,

    /// <summary>Nothing would change, and nothing is to be done.</summary>
    Finish,

    /// <summary>Out.</summary>
    Quit,
}

/// <summary>The review as text, and what can be done from there.</summary>
internal sealed class PlainReview(PlainTalk talk, SetupSession session, Progress progress, PlainForm form)
{
    /// <summary>What would be done; null when that could not be worked out.</summary>
    public Undertaking? Undertaking { get; private set; }

    private Preview? Preview => Undertaking?.Preview;

    private bool HasFiles => Preview?.Plan.Of<PutEntry>().Any(FileDiff.Has) == true;

    private bool CanApply => Undertaking is { IsNothing: false, Obstacle: "" };

    /// <summary>Shows it all, and asks until something is decided.</summary>
    public ReviewEnd Ask()
    {
        talk.Say();
        talk.Say($"{form.Step(progress.Step)}: Review. Nothing has been changed yet.");
        if (!SetupSession.IsAnswered(progress.Task, progress.Interview))
            talk.Say("Some answers are not valid; go back and correct them.");
        else
            WorkOut();
        SaySettings();
        if (session.SaveTo.Length > 0 && progress.Interview.Settings is not null)
            Save(session.SaveTo);
        return Decide();
    }

    /// <summary>Asks for a step to go to; false when the operator wants none after all.</summary>
    public bool AskStep(string answer = "")
    {
        var screens = progress.Interview.Screens;
        while (true)
        {
            var step =
                PlainWords.Number(answer, screens.Length) - 1
                ?? screens
                    .ToList()
                    .FindIndex(s =>
                        s.Id.Equals(answer, StringComparison.OrdinalIgnoreCase)
                        || s.Title.Equals(answer, StringComparison.OrdinalIgnoreCase)
                    );
            if (step >= 0)
            {
                form.GoTo(step);
                return true;
            }

            if (answer.Length > 0)
                talk.Say("Error: There is no such step.");
            for (var i = 0; i < screens.Length; i++)
                talk.Say($"  {i + 1}. {screens[i].Title}");
            answer = talk.Ask($"To which step (1 to {screens.Length}, Enter for none)").Trim();
            if (answer.Length == 0)
                return false;
        }
    }

    /// <summary>Writes the answers to a file, and says so.</summary>
    public void Save(string path)
    {
        try
        {
            talk.Say(session.SaveAnswers(path, progress.Interview));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            talk.Say($"Error: The answers could not be saved: {e.Message}");
        }
    }

    private void WorkOut()
    {
        talk.Say(ApplyText.Preparing(progress.Task).Replace(" ...", ".", StringComparison.Ordinal));
        var planning = session.Undertake(progress.Task, progress.Interview);
        while (Task.WaitAny([planning], TimeSpan.FromMilliseconds(100)) < 0)
            talk.Watch();
        if (!planning.IsCompletedSuccessfully)
        {
            talk.Say($"Error: {ApplyText.NotPrepared(progress.Task)} {planning.Exception?.GetBaseException().Message}");
            return;
        }

        Undertaking = planning.Result;
        talk.Say();
        talk.Say(Undertaking.Obstacle.Length > 0 ? $"Error: {Undertaking.Obstacle}" : "What will happen:");
        foreach (var line in Undertaking.WhatHappens)
            talk.Say($"  {line.Text}");
        if (Undertaking.Picture is not { } picture)
            return;
        talk.Say();
        foreach (var line in ClusterMap.Tell(picture))
            talk.Say(line);
    }

    private void SaySettings()
    {
        talk.Say();
        if (progress.Interview.Screens.IsEmpty)
            return;
        talk.Say("The settings:");
        foreach (var finding in progress.Interview.Findings)
            talk.Say($"{PlainQuestions.Text(finding)} ({finding.Path})");
        foreach (var line in ReviewText.Of(progress.Interview, session.InForce()).Where(l => l.Look != ReviewLook.Wrong))
            talk.Say(line.Look == ReviewLook.Heading ? $"{line.Text}:" : line.Text);
    }

    private ReviewEnd Decide()
    {
        string[] words =
        [
            HasFiles ? "files" : "",
            progress.Task.AsksSettings ? "save FILE" : "",
            progress.Interview.Screens.IsEmpty ? "" : "back",
            Undertaking is { IsNothing: true } ? "finish"
            : CanApply ? "apply"
            : "",
            "!",
        ];
        var offer = string.Join(", ", words.Where(w => w.Length > 0));
        talk.Say();
        Explain();
        while (true)
        {
            var answer = talk.Ask($"What now ({offer})").Trim();
            var parts = answer.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var rest = parts.Length > 1 ? parts[1] : "";
            switch (parts.FirstOrDefault("").ToLowerInvariant())
            {
                case "files" when HasFiles:
                    ShowFiles(rest);
                    break;
                case "save" when progress.Task.AsksSettings:
                    AskAndSave(rest);
                    break;
                case "<":
                    form.GoBack();
                    return ReviewEnd.Back;
                case "back" when !progress.Interview.Screens.IsEmpty && AskStep(rest):
                    return ReviewEnd.Back;
                case "back":
                    break;
                case "apply" when CanApply:
                    talk.Say(Undertaking!.Question);
                    // The one question where no other word for yes will do.
                    if (talk.Ask("Apply now? (yes/no)", "no").Trim().Equals("yes", StringComparison.OrdinalIgnoreCase))
                        return ReviewEnd.Apply;
                    talk.Say("Nothing has been changed; only 'yes' starts the apply.");
                    break;
                case "finish" when Undertaking is { IsNothing: true }:
                    return ReviewEnd.Finish;
                case "!" or "quit":
                    return ReviewEnd.Quit;
                case "?" or "":
                    Explain();
                    break;
                default:
                    talk.Say($"Error: Type one of: {offer}.");
                    break;
            }
        }
    }

    private void Explain()
    {
        talk.Say("You can type:");
        if (HasFiles)
            talk.Say("  files to see which files change, and what changes inside them;");
        if (progress.Task.AsksSettings)
            talk.Say("  save FILE to write the answers to a file, for another host;");
        if (!progress.Interview.Screens.IsEmpty)
            talk.Say("  back to change the answers of a step;");
        if (CanApply)
            talk.Say("  apply to change this host;");
        if (Undertaking is { IsNothing: true })
            talk.Say("  finish, because there is nothing to do;");
        talk.Say("  ! to quit.");
    }

    private void AskAndSave(string path)
    {
        if (path.Length == 0)
            path = talk.Ask("To which file", "answers.yaml").Trim();
        Save(path.Length == 0 ? "answers.yaml" : path);
    }

    private void ShowFiles(string answer)
    {
        var puts = Preview!.Plan.Of<PutEntry>().Where(FileDiff.Has).ToArray();
        if (answer.Length == 0)
            for (var i = 0; i < puts.Length; i++)
                talk.SayAsIs($"  {i + 1}. {FileDiff.Word(puts[i])}: {puts[i].Entry.Path}");
        while (true)
        {
            if (answer.Length == 0)
                answer = talk.Ask($"Show what changes in file (1 to {puts.Length}, Enter for none)").Trim();
            if (answer.Length == 0)
                return;
            if (PlainWords.Number(answer, puts.Length) is { } number)
                ShowFile(puts[number - 1]);
            else
                talk.Say($"Error: Enter a number from 1 to {puts.Length}.");
            answer = "";
        }
    }

    private void ShowFile(PutEntry put)
    {
        var diff = Task.Run(() => session.DiffAsync(put, Preview!.Node, CancellationToken.None));
        while (Task.WaitAny([diff], TimeSpan.FromMilliseconds(100)) < 0)
            talk.Watch();
        if (diff.IsCompletedSuccessfully)
            talk.SayAsIs(diff.Result.TrimEnd());
        else
            talk.Say($"Error: The file could not be compared: {diff.Exception!.InnerException!.Message}");
    }
}

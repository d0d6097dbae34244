using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>The way through the questions, screen after screen, forth and back, until the review.</summary>
internal sealed class PlainForm
{
    // Stands for the question whether to go through the advanced fields; a field's path has a dot.
    private const string More = "more";
    private readonly PlainTalk talk;
    private readonly Progress progress;
    private readonly Action save;
    private readonly PlainQuestions questions;
    private readonly HashSet<string> opened = new(StringComparer.Ordinal);
    private readonly HashSet<string> introduced = new(StringComparer.Ordinal);
    private string at;
    private string announced = "";
    private int? mendingFor;
    private bool toReview;

    /// <summary>Begins, or goes on, where the progress is.</summary>
    /// <param name="talk">The operator.</param>
    /// <param name="progress">The answers and where they are.</param>
    /// <param name="save">Saves the draft.</param>
    public PlainForm(PlainTalk talk, Progress progress, Action save)
    {
        this.talk = talk;
        this.progress = progress;
        this.save = save;
        questions = new PlainQuestions(talk, progress.Interview);
        at = progress.Field;
        if (progress.Screen?.Fields.FirstOrDefault(f => f.Path == at) is { Advanced: true })
            opened.Add(progress.Screen.Id);
    }

    private Interview Interview => progress.Interview;

    /// <summary>Where the operator is, in the middle of a sentence.</summary>
    public string Where()
    {
        var step = $"step {progress.Step + 1} of {Interview.Screens.Length + 1}, {progress.Screen?.Title ?? "Review"}";
        return progress.Screen?.Fields.FirstOrDefault(f => f.Path == progress.Field) is { } asked
            ? $"{step}, at the question '{asked.Label}'"
            : step;
    }

    /// <summary>Asks on until the review; Quit when the operator wants out.</summary>
    public PlainMove Walk()
    {
        while (progress.Screen is { } screen)
        {
            var keys = Keys(screen);
            if (!keys.Contains(at))
                at = keys.FirstOrDefault("");
            Announce(screen);
            var move = at.Length == 0 ? PlainMove.Next : Ask(screen);
            save();
            if (move == PlainMove.Quit)
                return PlainMove.Quit;
            if (move == PlainMove.Back)
                GoBack();
            else
                GoOn(screen);
        }

        announced = "";
        return PlainMove.Next;
    }

    /// <summary>Goes to a screen.</summary>
    public void GoTo(int step)
    {
        toReview = progress.IsComplete;
        mendingFor = null;
        progress.Step = step;
        at = "";
    }

    /// <summary>Goes to the question before.</summary>
    public void GoBack()
    {
        mendingFor = null;
        var keys = progress.Screen is { } screen ? Keys(screen) : [];
        if (keys.IndexOf(at) is > 0 and var index)
            at = keys[index - 1];
        else if (progress.Step == 0)
            talk.Say("This is the first question.");
        else
        {
            progress.Step--;
            at = Keys(progress.Screen!).LastOrDefault("");
        }
    }

    /// <summary>Goes to the first field up to a step with an error, and tells it; false when there is none.</summary>
    public bool Mend(int last)
    {
        for (var step = 0; step <= last && step < Interview.Screens.Length; step++)
        {
            var screen = Interview.Screens[step];
            if (Interview.Fields(screen).FirstOrDefault(f => Interview.FindingsOf(f).Any(x => x.Severity == Severity.Error)) is not { } bad)
                continue;
            if (bad.Advanced)
                opened.Add(screen.Id);
            mendingFor = Math.Min(last, Interview.Screens.Length - 1);
            progress.Step = step;
            at = bad.Path;
            Announce(screen);
            questions.Tell(bad);
            return true;
        }

        return false;
    }

    /// <summary>The words for a step, of which the review is the last.</summary>
    public string Step(int step) => $"Step {step + 1} of {Interview.Screens.Length + 1}";

    private PlainMove Ask(Screen screen)
    {
        if (at != More)
        {
            progress.Field = at;
            return questions.Ask(screen.Fields.First(f => f.Path == at));
        }

        progress.Field = "";
        var move = questions.AskMore(Interview.Fields(screen).Count(f => f.Advanced), opened.Contains(screen.Id), out var wanted);
        if (wanted)
            opened.Add(screen.Id);
        else
            opened.Remove(screen.Id);
        return move;
    }

    private void GoOn(Screen screen)
    {
        var keys = Keys(screen);
        var next = keys.IndexOf(at) + 1;
        if (mendingFor is null && at.Length > 0 && next < keys.Count)
        {
            at = keys[next];
            return;
        }

        // The end of a screen: whatever is wrong up to here is mended first, and nothing between is asked again.
        var end = mendingFor ?? progress.Step;
        if (Mend(end))
            return;
        mendingFor = null;
        progress.Visit(Interview.Screens[end]);
        progress.Step = toReview ? Interview.Screens.Length : end + 1;
        progress.Field = "";
        toReview = false;
        at = "";
        save();
    }

    private List<string> Keys(Screen screen)
    {
        var asked = Interview.Fields(screen).ToArray();
        List<string> keys = [.. asked.Where(f => !f.Advanced).Select(f => f.Path)];
        if (asked.Length > keys.Count)
            keys.Add(More);
        if (opened.Contains(screen.Id))
            keys.AddRange(asked.Where(f => f.Advanced).Select(f => f.Path));
        return keys;
    }

    private void Announce(Screen screen)
    {
        if (announced == screen.Id)
            return;
        announced = screen.Id;
        talk.Say();
        talk.Say($"{Step(progress.Step)}: {screen.Title}.{(introduced.Add(screen.Id) ? $" {screen.Help}" : "")}");
    }
}

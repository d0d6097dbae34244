using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>Where an operator is in a wizard: the task, the answers, the step. It is what a draft remembers.</summary>
/// <param name="task">What is being done.</param>
/// <param name="interview">The answers.</param>
/// <param name="only">The screens asked, when an answer file limits them.</param>
internal sealed class Progress(WizardTask task, Interview interview, IEnumerable<string> only)
{
    private readonly HashSet<string> visited = new(StringComparer.Ordinal);

    /// <summary>What is being done.</summary>
    public WizardTask Task => task;

    /// <summary>The answers.</summary>
    public Interview Interview => interview;

    /// <summary>The step: an index into the screens; one past the last is the review.</summary>
    public int Step { get; set; }

    /// <summary>The field the cursor is in.</summary>
    public string Field { get; set; } = "";

    /// <summary>Whether typed passwords are kept with the draft.</summary>
    public bool KeepSecrets { get; set; }

    /// <summary>The screen of the step; null at the review.</summary>
    public Screen? Screen => Step < interview.Screens.Length ? interview.Screens[Step] : null;

    /// <summary>Whether all screens were gone through.</summary>
    public bool IsComplete => interview.Screens.All(IsVisited);

    /// <summary>Whether a screen was gone through.</summary>
    public bool IsVisited(Screen screen) => visited.Contains(screen.Id);

    /// <summary>Remembers that a screen was gone through.</summary>
    public void Visit(Screen screen) => visited.Add(screen.Id);

    /// <summary>Goes on where a draft was left.</summary>
    public static Progress Of(Draft draft, Interview interview)
    {
        var progress = new Progress(WizardTask.Find(draft.Task) ?? WizardTask.All[0], interview, draft.Only)
        {
            Field = draft.Field,
            KeepSecrets = draft.KeepSecrets,
        };
        progress.visited.UnionWith(draft.Visited);
        var step = interview.Screens.ToList().FindIndex(s => s.Id == draft.Screen);
        progress.Step =
            step >= 0 ? step
            : draft.Screen == "review" ? interview.Screens.Length
            : 0;
        return progress;
    }

    /// <summary>The draft to save.</summary>
    public Draft ToDraft(string terminal, DateTimeOffset now) =>
        interview.Save(
            new Draft
            {
                Task = task.Id,
                Screen = Screen?.Id ?? "review",
                Field = Field,
                Visited = [.. visited.Order(StringComparer.Ordinal)],
                Only = [.. only],
                KeepSecrets = KeepSecrets,
                Terminal = terminal,
                Time = now,
            }
        );
}

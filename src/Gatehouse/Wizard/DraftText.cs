using System.Globalization;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>A draft in words, for whoever may go on with it.</summary>
internal static class DraftText
{
    /// <summary>What was being done, where it stopped, and when.</summary>
    public static string Of(Draft draft, ScreenSet screens, DateTimeOffset now)
    {
        var what = WizardTask.Find(draft.Task)?.Title ?? "A set-up";
        var field = screens.Fields.Concat(screens.TaskScreens.SelectMany(s => s.Fields)).FirstOrDefault(f => f.Path == draft.Field)?.Label;
        var screen = screens[draft.Screen] ?? screens.TaskScreens.FirstOrDefault(s => s.Id == draft.Screen);
        var where = draft.Screen == "review" ? "at the review" : $"at {screen?.Title ?? "the start"}{(field is null ? "" : $", {field}")}";
        var terminal = draft.Terminal.Length > 0 ? $" on {draft.Terminal}" : "";
        var passwords = draft.KeepSecrets || !draft.HadSecrets ? "" : " Passwords were not kept; type them again.";
        return $"{what}, {where}, saved {Ago(now - draft.Time)}{terminal}.{passwords}";
    }

    private static string Ago(TimeSpan time) =>
        time switch
        {
            { TotalMinutes: < 1 } => "just now",
            { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min ago"),
            { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0} h ago"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0} days ago"),
        };
}

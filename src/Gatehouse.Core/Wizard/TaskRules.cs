using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;

namespace Gatehouse.Core.Wizard;

/// <summary>What a task asks of its own answers, beyond what their kinds say.</summary>
internal static class TaskRules
{
    /// <summary>What is wrong with the answers of a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="text">What stands in a field, by its path.</param>
    public static IEnumerable<Finding> Judge(WizardTask task, Func<string, string> text)
    {
        if (task != WizardTask.Start)
            yield break;
        if (text("cluster.name").Trim().Length == 0)
            yield return new Finding(Severity.Error, "missing", "cluster.name", "A value is needed here, such as example.");
        if (text("system.profile") is var profile && !PlacementRules.BootstrapProfiles.Contains(profile))
            yield return new Finding(
                Severity.Error,
                "not-first",
                "system.profile",
                $"The first node holds the cluster's registry, so its profile must be one of "
                    + $"{string.Join(", ", PlacementRules.BootstrapProfiles)}; "
                    + $"nodes of profile '{profile}' join later."
            );
    }

    /// <summary>What is wrong with a task's own field.</summary>
    /// <param name="field">The field.</param>
    /// <param name="text">What stands in it.</param>
    public static Finding? Judge(Field field, string text)
    {
        if (text.Trim().Length == 0)
            return field.Required
                ? new Finding(
                    Severity.Error,
                    "missing",
                    field.Path,
                    field.Example.Length > 0 ? $"A value is needed here, such as {field.Example}." : "A value is needed here."
                )
                : null;
        var parsed = field.Kind.Parse(text.Trim(), field);
        if (parsed.Value is not null)
            return null;
        return field.Kind.Name == "code"
            ? Unfinished(field, text, parsed.Problem)
            : new Finding(Severity.Error, "bad-value", field.Path, $"This {parsed.Problem}.");
    }

    // While a code is typed, only what is complete can be wrong.
    private static Finding Unfinished(Field field, string text, string problem)
    {
        var wrong = JoinCode.JudgePart(text, out var groups);
        return wrong.Length > 0 ? new Finding(Severity.Error, "bad-value", field.Path, $"{Capital(wrong)}.")
            : groups < JoinCode.Groups
                ? new Finding(Severity.Error, "unfinished", field.Path, $"{groups} of {JoinCode.Groups} groups so far, all correct.")
            : new Finding(Severity.Error, "bad-value", field.Path, $"{Capital(problem)}.");
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}

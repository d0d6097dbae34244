using System.Collections.Immutable;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Wizard;

/// <summary>One setting as the review shows it.</summary>
/// <param name="Field">Which.</param>
/// <param name="Values">What it will be: one line, or one a list item or table row; empty when it has no value.</param>
/// <param name="Before">What is in force; null when nothing is, or nothing else.</param>
/// <param name="IsDefault">Whether it has its default.</param>
public sealed record Compared(Field Field, ImmutableArray<string> Values, ImmutableArray<string>? Before, bool IsDefault);

/// <summary>Compares an interview with what is in force.</summary>
public static class Comparison
{
    /// <summary>All settings of a screen.</summary>
    /// <param name="screen">The screen.</param>
    /// <param name="now">The interview.</param>
    /// <param name="before">An interview over the answers in force; null when nothing is in force.</param>
    public static IEnumerable<Compared> Of(Screen screen, Interview now, Interview? before)
    {
        var old = before?.Fields(screen).ToDictionary(f => f.Path, f => Values(f, before), StringComparer.Ordinal) ?? [];
        foreach (var field in now.Fields(screen))
        {
            var values = Values(field, now);
            var was = before is null ? [] : old.GetValueOrDefault(field.Path, []);
            yield return new Compared(field, values, before is null || was.SequenceEqual(values) ? null : was, !now.IsAnswered(field));
        }
    }

    /// <summary>How many settings differ from what is in force.</summary>
    public static int Changes(Interview now, Interview before) => now.Screens.Sum(s => Of(s, now, before).Count(c => c.Before is not null));

    private static ImmutableArray<string> Values(Field field, Interview interview)
    {
        if (field.Kind.IsSecret)
            return [interview.SecretState(field)];
        var text = interview.Text(field);
        return field.Kind.Name == "boolean"
            ? [Boolean(text)]
            : [.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    private static string Boolean(string text) => text is "true" or "yes" or "on" ? "yes" : "no";
}

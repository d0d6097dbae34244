using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Wizard;

/// <summary>Rewords a finding for an operator at the field; the original wording is for the author of an answer file.</summary>
internal static class OperatorWords
{
    /// <summary>A finding in these words.</summary>
    /// <param name="finding">As it is worded for an answer file.</param>
    /// <param name="screens">What is asked.</param>
    public static Finding Of(Finding finding, ScreenSet screens)
    {
        var field = screens.Fields.FirstOrDefault(f =>
            f.Path == finding.Path || finding.Path.StartsWith(f.Path + "[", StringComparison.Ordinal)
        );
        // The value stands in front of the operator; a sentence that repeats it would change with every key.
        if (finding.Code == "bad-value" && field is not null && Problem(finding.Message) is { } problem)
            return finding with { Message = $"{FieldText.ItemName(field, finding.Path) ?? "This"} {problem}" };
        if (finding.Code != "missing")
            return finding with { Message = Capital(finding.Message) };
        var message =
            field is null || field.Path != finding.Path ? Capital(finding.Message)
            : field.Kind.Name == "password" ? "A password is needed here."
            : field.Example.Length > 0 ? $"A value is needed here, such as {field.Example}."
            : "A value is needed here.";
        return finding with { Message = message };
    }

    /// <summary>A sentence begins with a capital; a name or a value that stands at its beginning keeps its own letters.</summary>
    public static string Capital(string text) =>
        text.Split(' ')[0].All(char.IsAsciiLetterLower) && text.Length > 0 ? char.ToUpperInvariant(text[0]) + text[1..] : text;

    // What follows the quoted value in a message of ValueReader; null when it does not begin with one.
    private static string? Problem(string message) =>
        message.StartsWith('\'')
        && Verbs.Select(v => message.IndexOf($"' {v} ", StringComparison.Ordinal)).Where(i => i > 0).DefaultIfEmpty(-1).Min()
            is > 0
                and var at
            ? message[(at + 2)..]
            : null;

    private static ImmutableArray<string> Verbs { get; } = ["is", "has", "holds", "must"];
}

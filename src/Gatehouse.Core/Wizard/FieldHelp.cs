using System.Collections.Immutable;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Wizard;

/// <summary>The help page of a field or a screen, as paragraphs for an operator.</summary>
public static class FieldHelp
{
    /// <summary>Everything there is to know about a field.</summary>
    public static ImmutableArray<string> Of(Field field)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add(field.Help);
        lines.Add("");
        if (!field.Choices.IsEmpty)
            foreach (var choice in field.Choices)
                lines.Add($"  {choice.Value}: {choice.Text}");
        else
            lines.Add(HowToType(field));
        foreach (var column in field.TypedColumns)
            lines.Add($"  {column.Label}: {column.Help}");
        foreach (var (name, value) in FieldRemarks.Of(field).Where(r => r.Name is not "Example" and not "Used only with"))
            lines.Add($"{name}: {(name == "Default" && field.Kind.Name == "password" ? "one is generated" : value)}.");
        if (field.Example.Length > 0)
            lines.Add($"Example: {field.Example}");
        if (field.Required && field.Default is null)
            lines.Add("Required.");
        if (field.IsAnswer)
            lines.AddRange("", $"In an answer file: {field.Path}");
        return lines.ToImmutable();
    }

    /// <summary>What a screen is about, with its fields.</summary>
    public static ImmutableArray<string> Of(Screen screen, IEnumerable<Field> fields) =>
        [screen.Help, "", "Questions:", .. fields.Select(f => $"  {f.Label}")];

    /// <summary>How the answer is typed, in a sentence.</summary>
    public static string HowToType(Field field) =>
        field switch
        {
            { Kind.Name: "password" } => "Type it twice; it is not shown.",
            { IsTable: true } =>
                $"One row per line: {string.Join(", then ", field.TypedColumns.Select(c => c.Label.ToLowerInvariant()))}, separated by a "
                    + $"space. Many rows can be pasted at once.",
            { IsList: true } => $"One per line, each {field.Kind.Expected}. Many can be pasted at once.",
            { Kind.Name: "boolean" } => "Yes or no.",
            { Choices.IsEmpty: false } => "One of the values offered.",
            _ => $"Enter {field.Kind.Expected}.",
        };
}

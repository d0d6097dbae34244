using System.Globalization;
using System.Text;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Reference;

/// <summary>An answer file to start from: every question of a profile with its explanation and its default.</summary>
public static class AnswerSkeleton
{
    private const int Width = 100;

    /// <summary>The skeleton for a profile, with what the machine's facts answer already.</summary>
    public static string Of(ScreenSet screens, Profile profile, Facts facts)
    {
        var text = new StringBuilder();
        Comment(
            text,
            "",
            $"Answers for a '{profile.Name}' node. Lines that begin with '# ' explain; lines such as '#spam_score: 6' are settings at "
                + $"their defaults: remove the '#' to change one. 'gatehouse check FILE' reports what is still missing."
        );
        text.Append("version: 1\n");
        foreach (var screen in screens.For(profile))
        {
            text.Append('\n');
            Comment(text, "", screen.Help);
            text.Append(CultureInfo.InvariantCulture, $"{screen.Id}:\n");
            foreach (var field in screen.Fields)
                Write(text, field, profile, facts);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, Field field, Profile profile, Facts facts)
    {
        var value =
            field.Path == "system.profile" ? profile.Name
            : Source(field) is { } source ? facts.Lookup(source)
            : null;
        text.Append('\n');
        Comment(text, "  ", $"{field.Label}. {field.Help}");
        foreach (var choice in field.Choices.Where(c => Fits(field, c, profile)))
            Comment(text, "  ", $"  '{choice.Value}': {choice.Text}");
        if (field.When is { } when)
            Comment(text, "  ", $"Used only with {when.Path}{(when.AnyOf is ["*"] ? "" : $": {string.Join(" or ", when.AnyOf)}")}.");
        if (value is not null)
            text.Append(CultureInfo.InvariantCulture, $"  {field.Key}: {Format(field, value)}\n");
        else if (field.Required && field.When is null && field.DefaultFrom?.StartsWith("facts.", StringComparison.Ordinal) != false)
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {field.Key}:{(field.Example.Length > 0 ? $"   # for example {Format(field, field.Example)}" : "")}\n"
            );
        else
            Sample(text, field);
    }

    // A standalone gateway has no cluster to issue its certificate, and another profile needs another skeleton.
    private static bool Fits(Field field, Choice choice, Profile profile) =>
        profile.Clustered || (field.Path == "system.profile" ? choice.Value == profile.Name : choice.Value != "cluster");

    // Whoever gets a skeleton reads it before it is applied, so proposals are filled in too.
    private static string? Source(Field field) =>
        field.DefaultFrom is { } from && from.StartsWith("facts.", StringComparison.Ordinal) ? from : field.Propose;

    private static void Sample(StringBuilder text, Field field)
    {
        if (field.IsTable)
        {
            text.Append(CultureInfo.InvariantCulture, $"  #{field.Key}:\n");
            for (var i = 0; i < field.Columns.Length; i++)
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"  #  {(i == 0 ? "-" : " ")} {field.Columns[i].Key}: {Quote(field.Columns[i].Default ?? field.Columns[i].Example)}\n"
                );
            return;
        }

        // A password that an external service already has cannot be generated.
        var sample =
            field.Kind.Name == "password"
                ? field.Default is { } made
                    ? $"{{{made}: true}}"
                    : "{prompt: true}"
                : Format(field, field.Default ?? field.Example);
        text.Append(CultureInfo.InvariantCulture, $"  #{field.Key}: {sample}\n");
    }

    private static string Format(Field field, string value) =>
        field.IsList ? $"[{string.Join(", ", Entries(value).Select(Quote))}]" : Quote(value);

    private static string[] Entries(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string Quote(string value) =>
        value.Any(c => ":#{}[],&*?|>'\"%@`".Contains(c, StringComparison.Ordinal)) ? $"\"{value}\"" : value;

    private static void Comment(StringBuilder text, string indent, string words)
    {
        var line = new StringBuilder();
        foreach (var word in words.Split(' '))
        {
            if (line.Length > 0 && indent.Length + line.Length + word.Length + 3 > Width)
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}# {line}\n");
                line.Clear();
            }

            if (line.Length > 0 || word.Length == 0)
                line.Append(' ');
            line.Append(word);
        }

        text.Append(CultureInfo.InvariantCulture, $"{indent}# {line}\n");
    }
}

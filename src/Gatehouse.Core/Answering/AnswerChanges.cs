using System.Collections.Immutable;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Answering;

/// <summary>One answer that differs between two answer files.</summary>
/// <param name="Path">The field, such as <c>mta.smart_host</c>.</param>
/// <param name="Before">What it was, on one line; empty when it was not given. Never a secret.</param>
/// <param name="After">What it became.</param>
public sealed record AnswerChange(string Path, string Before, string After)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Word(Before)} -> {Word(After)}";

    private static string Word(string value) => value.Length > 0 ? value : "(not given)";
}

/// <summary>Compares two answer files key by key.</summary>
public static class AnswerChanges
{
    private const int Longest = 160;

    /// <summary>The answers that differ, in the order of their paths.</summary>
    public static ImmutableArray<AnswerChange> Of(Answers before, Answers after, ScreenSet screens)
    {
        var secrets = screens.Fields.Where(f => f.Kind.IsSecret).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. before
                .Values.Keys.Union(after.Values.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(p => (Path: p, Before: before[p], After: after[p]))
                .Where(c => Text(c.Before) != Text(c.After))
                .Select(c => new AnswerChange(c.Path, Shown(c.Path, c.Before, secrets), Shown(c.Path, c.After, secrets))),
        ];
    }

    // Where a secret comes from may be seen ("file: PATH"), the secret itself never.
    private static string Shown(string path, Node? node, HashSet<string> secrets)
    {
        if (secrets.Contains(path) && node is not (null or Mapping))
            return "(hidden)";
        var text = Text(node);
        return text.Length > Longest ? $"{text[..Longest]} ..." : text;
    }

    private static string Text(Node? node) =>
        node switch
        {
            Scalar scalar => scalar.Text.ReplaceLineEndings(" "),
            Sequence list => list.Items.IsEmpty
                ? "[]"
                : string.Join(", ", list.Items.Select(i => i is Mapping ? $"{{{Text(i)}}}" : Text(i))),
            Mapping map => string.Join(", ", map.Entries.Select(e => $"{e.Key}: {Text(e.Value)}")),
            _ => "",
        };
}

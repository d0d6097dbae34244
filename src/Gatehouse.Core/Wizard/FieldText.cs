using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Wizard;

/// <summary>
/// An answer as an operator types it: one value in one line; of a list one item, of a table one row a line. Words in a
/// line are separated by blanks, commas, semicolons or '->', so that what comes out of other programs can be pasted.
/// </summary>
public static partial class FieldText
{
    private static readonly Origin Typed = new("setup", 1, 1);

    /// <summary>The text of an answer; empty when there is none. Of a password nothing is ever told.</summary>
    public static string Of(Field field, Node? node) =>
        (field, node) switch
        {
            ({ Kind.Name: "password" }, _) => "",
            (_, Scalar { IsNull: false } scalar) => scalar.Text,
            ({ IsTable: true }, Sequence rows) => string.Join('\n', rows.Items.OfType<Mapping>().Select(r => Row(field, r))),
            (_, Sequence list) => string.Join('\n', list.Items.OfType<Scalar>().Select(s => s.Text)),
            _ => "",
        };

    /// <summary>A default of a field as it would be typed: there the items of a list are separated by commas.</summary>
    public static string OfDefault(Field field, string text) => field.IsList ? string.Join('\n', Words(text)) : text;

    /// <summary>The answer that a text stands for; null when it is blank and so no answer.</summary>
    public static Node? ToNode(Field field, string text)
    {
        if (field.IsTable)
            return string.IsNullOrWhiteSpace(text) ? null : new Sequence(Typed, [.. Rows(text).Select(r => Row(field, r.Words))]);
        if (field.IsList)
            return ToList(field, text);
        var value = text.Trim();
        return value.Length == 0 ? null : new Scalar(Typed, value, true);
    }

    /// <summary>What a text has too much of to be an answer at all: the lines (from 0) and what is wrong with each.</summary>
    public static IEnumerable<(int Line, string Problem)> Problems(Field field, string text) =>
        !field.IsTable
            ? []
            : from row in Rows(text)
            where row.Words.Length > field.Columns.Length
            select (
                row.Line,
                $"row {row.Line + 1} has {row.Words.Length} words; it takes {field.Columns.Length}: "
                    + $"{string.Join(", ", field.Columns.Select(c => c.Label.ToLowerInvariant()))}."
            );

    /// <summary>The line (from 0) of a text that a finding is about: <c>mta.domains[2].destination</c> is about the second item.</summary>
    public static int LineOf(Field field, string text, string path)
    {
        if (ItemNumber().Match(path) is not { Success: true } match || !int.TryParse(match.Groups[1].ValueSpan, out var item))
            return 0;
        var lines = Rows(text).SelectMany(r => field.IsTable ? [r.Line] : Enumerable.Repeat(r.Line, r.Words.Length));
        return lines.Skip(item - 1).FirstOrDefault();
    }

    /// <summary>What a finding's path means in words, when it is about one of many: <c>Item 2</c>, <c>Row 2, destination</c>; null for a
    /// single value.</summary>
    public static string? ItemName(Field field, string path)
    {
        if (ItemNumber().Match(path) is not { Success: true } match)
            return null;
        var column = field.Columns.FirstOrDefault(c => path.EndsWith($".{c.Key}", StringComparison.Ordinal));
        return column is null ? $"Item {match.Groups[1].Value}" : $"Row {match.Groups[1].Value}, {column.Label.ToLowerInvariant()},";
    }

    /// <summary>The items of a list or the rows of a table, as they were typed.</summary>
    public static ImmutableArray<string> Items(Field field, string text) =>
        field.IsTable
            ? [.. text.Split('\n', StringSplitOptions.TrimEntries).Where(l => Words(l).Length > 0)]
            : [.. Rows(text).SelectMany(r => r.Words)];

    /// <summary>
    /// The items or rows in one typed line. Commas are blanks to a row, so that what other programs write can be pasted; but
    /// a line that holds too much for a row, and between its commas just enough for rows, is several.
    /// </summary>
    public static ImmutableArray<string> ItemsOfLine(Field field, string line)
    {
        if (!field.IsTable || Words(line).Length <= field.Columns.Length)
            return Items(field, line);
        var parts = line.Split(',', ';').Select(p => p.Trim()).Where(p => p.Length > 0).ToImmutableArray();
        var least = field.Columns.Count(c => c.Required);
        return parts.All(p => Words(p).Length >= least && Words(p).Length <= field.Columns.Length) ? parts : Items(field, line);
    }

    private static Sequence? ToList(Field field, string text)
    {
        var items = Rows(text).SelectMany(r => r.Words).Select(w => (Node)new Scalar(Typed, w, true)).ToImmutableArray();
        // An emptied list is an answer only where leaving it out would mean something else, and where nothing is a value.
        return items.IsEmpty && (field.Required || (field.Default is null && field.DefaultFrom is null))
            ? null
            : new Sequence(Typed, items);
    }

    private static Mapping Row(Field field, string[] words) =>
        new(Typed, [.. field.Columns.Zip(words).Select(c => new Entry(c.First.Key, Typed, new Scalar(Typed, c.Second, true)))]);

    private static string Row(Field field, Mapping row)
    {
        var cells = field.Columns.Select(c => (row[c.Key] as Scalar)?.Text ?? c.Default ?? "").ToArray();
        return string.Join("  ", cells).TrimEnd();
    }

    private static IEnumerable<(int Line, string[] Words)> Rows(string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
            if (Words(lines[i]) is { Length: > 0 } words)
                yield return (i, words);
    }

    private static string[] Words(string line) => [.. Separators().Split(line).Where(w => w.Length > 0)];

    [GeneratedRegex(@"(?:->|[\s,;])+", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();

    [GeneratedRegex(@"\[(\d{1,9})\]", RegexOptions.CultureInvariant)]
    private static partial Regex ItemNumber();
}

using System.Text.Json;

namespace Gatehouse.EndToEnd;

/// <summary>A question with a closed set of answers, each as it stands in an answer file.</summary>
public sealed record Choice(string Key, IReadOnlyList<string> Values);

/// <summary>Few sets of answers that have each value, or each pair of values of two questions, at least once. The same questions give the
/// same sets.</summary>
public static class Pairs
{
    /// <summary>All questions with a closed set of answers on the named screens, from the JSON schema of answer files.</summary>
    public static IReadOnlyList<Choice> Choices(JsonElement schema, params string[] screens) =>
        [
            .. from screen in screens
            from field in schema.GetProperty("properties").GetProperty(screen).GetProperty("properties").EnumerateObject()
            let values = Values(field.Value)
            where values.Count > 1
            select new Choice($"{screen}.{field.Name}", values),
        ];

    /// <summary>Sets that have each value at least once: as many as the longest question has values.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Each(IReadOnlyList<Choice> choices) =>
        [
            .. Enumerable
                .Range(0, choices.Max(c => c.Values.Count))
                .Select(i => (IReadOnlyList<string>)[.. choices.Select(c => c.Values[i % c.Values.Count])]),
        ];

    /// <summary>Sets that have each pair at least once: each begins with the first pair that is missing and takes, question by question,
    /// the value that adds most.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> All(IReadOnlyList<Choice> choices)
    {
        var missing = new SortedSet<(int A, int I, int B, int J)>(
            from a in Enumerable.Range(0, choices.Count)
            from b in Enumerable.Range(a + 1, choices.Count - a - 1)
            from i in Enumerable.Range(0, choices[a].Values.Count)
            from j in Enumerable.Range(0, choices[b].Values.Count)
            select (a, i, b, j)
        );
        var sets = new List<IReadOnlyList<string>>();
        while (missing.Count > 0)
        {
            var set = Enumerable.Repeat(-1, choices.Count).ToArray();
            (set[missing.Min.A], set[missing.Min.B]) = (missing.Min.I, missing.Min.J);
            for (var at = 0; at < set.Length; at++)
            {
                if (set[at] < 0)
                    set[at] = Enumerable
                        .Range(0, choices[at].Values.Count)
                        .MaxBy(value => Others(set, at).Count(o => missing.Contains(Pair(at, value, o.At, o.Value))));
            }

            for (var at = 0; at < set.Length; at++)
            {
                foreach (var other in Others(set, at))
                    missing.Remove(Pair(at, set[at], other.At, other.Value));
            }

            sets.Add([.. choices.Zip(set, (choice, value) => choice.Values[value])]);
        }

        return sets;
    }

    /// <summary>A set as the changes of an answer file.</summary>
    public static string Changes(IReadOnlyList<Choice> choices, IReadOnlyList<string> set) =>
        string.Concat(
            choices
                .Zip(set)
                .GroupBy(c => c.First.Key.Split('.')[0])
                .Select(screen => $"{screen.Key}:\n{string.Concat(screen.Select(c => $"  {c.First.Key.Split('.')[1]}: {c.Second}\n"))}")
        );

    private static (int A, int I, int B, int J) Pair(int a, int i, int b, int j) => a < b ? (a, i, b, j) : (b, j, a, i);

    private static IEnumerable<(int At, int Value)> Others(int[] set, int but) =>
        set.Select((value, at) => (At: at, Value: value)).Where(o => o.At != but && o.Value >= 0);

    // Of a list of choices: none, each alone, and all; of a table, a row for each choice, with the examples of its other columns.
    private static IReadOnlyList<string> Values(JsonElement field)
    {
        if (field.TryGetProperty("enum", out _))
            return [.. Names(field).Select(n => $"\"{n}\"")];
        if (!field.TryGetProperty("type", out var type))
            return [];
        if (type.ValueEquals("boolean"))
            return ["true", "false"];
        if (!type.ValueEquals("array"))
            return [];
        var items = field.GetProperty("items");
        if (items.TryGetProperty("enum", out _))
            return [$"[{string.Join(", ", Names(items))}]", .. Names(items).Select(n => $"[{n}]"), "[]"];
        if (!items.TryGetProperty("properties", out var columns))
            return [];
        return
        [
            .. from column in columns.EnumerateObject()
            where column.Value.TryGetProperty("enum", out _)
            from name in Names(column.Value)
            select $"[{{{Row(columns, column.Name, name)}}}]",
        ];
    }

    private static string Row(JsonElement columns, string column, string value)
    {
        return string.Join(", ", columns.EnumerateObject().Select(c => $"{c.Name}: {(c.Name == column ? value : Sample(c))}"));

        static string? Sample(JsonProperty c) => c.Value.GetProperty("examples")[0].GetString();
    }

    private static string[] Names(JsonElement field) =>
        [.. field.GetProperty("enum").EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)];
}

using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Screens;

/// <summary>Reads <c>screens/*.yaml</c>. A mistake in them is a bug of the program and throws.</summary>
public static class ScreenReader
{
    private static readonly ImmutableHashSet<string> ScreenKeys =
    [
        "id",
        "title",
        "help",
        "order",
        "roles",
        "clustered",
        "task",
        "asks",
        "fields",
    ];

    private static readonly ImmutableHashSet<string> FieldKeys =
    [
        "key",
        "label",
        "help",
        "kind",
        "items",
        "columns",
        "required",
        "default",
        "default-from",
        "example",
        "choices",
        "min",
        "max",
        "pattern",
        "pattern-text",
        "exists",
        "port",
        "when",
        "advanced",
        "propose",
        "scope",
        "clustered",
    ];

    /// <summary>Reads one screen.</summary>
    /// <exception cref="FormatException">The file is not a valid screen; the message names file and line.</exception>
    public static Screen Read(string file, ReadOnlySpan<byte> bytes)
    {
        var report = new Report();
        if (YamlReader.Read(file, bytes, report) is not Mapping root)
            throw new FormatException(string.Join('\n', report));
        Know(root, ScreenKeys);
        var id = Text(root, "id");
        var task = Optional(root, "task") ?? "";
        var fields = Items(root, "fields").Select(f => ReadField(id, (Mapping)f) with { IsAnswer = task.Length == 0 }).ToImmutableArray();
        return new Screen(
            id,
            Text(root, "title"),
            Text(root, "help"),
            int.Parse(Text(root, "order"), CultureInfo.InvariantCulture),
            [.. Items(root, "roles").Select(r => ((Scalar)r).Text)],
            fields,
            Flag(root, "clustered")
        )
        {
            Task = task,
            Asks = [.. Items(root, "asks").Select(f => ((Scalar)f).Text)],
        };
    }

    private static Field ReadField(string screen, Mapping map)
    {
        Know(map, FieldKeys);
        var key = Text(map, "key");
        var kind = Text(map, "kind");
        var isList = kind == "list";
        return new Field
        {
            Key = key,
            Path = screen.Length == 0 ? key : $"{screen}.{key}",
            Label = Text(map, "label"),
            Help = Text(map, "help"),
            Kind = Kind(map, isList ? Text(map, "items") : kind),
            IsList = isList,
            Columns = [.. Items(map, "columns").Select(c => ReadField("", (Mapping)c))],
            Required = Flag(map, "required"),
            Default = Optional(map, "default"),
            DefaultFrom = Optional(map, "default-from"),
            Propose = Optional(map, "propose"),
            Advanced = Flag(map, "advanced"),
            Clustered = Flag(map, "clustered"),
            Example = Optional(map, "example") ?? "",
            Choices = ReadChoices(map),
            Minimum = Number(map, "min"),
            Maximum = Number(map, "max"),
            Pattern = Optional(map, "pattern"),
            PatternText = Optional(map, "pattern-text") ?? "",
            MustExist = Flag(map, "exists"),
            DefaultPort = (int)(Number(map, "port") ?? 0),
            When = ReadCondition(map),
            Scope = ReadScope(map),
        };
    }

    private static void Know(Mapping map, ImmutableHashSet<string> keys)
    {
        foreach (var entry in map.Entries)
            if (!keys.Contains(entry.Key))
                throw new FormatException($"{entry.Origin}: unknown key '{entry.Key}'");
    }

    private static FieldKind Kind(Mapping map, string name) =>
        FieldKind.All.TryGetValue(name, out var kind) ? kind : throw new FormatException($"{map.Origin}: there is no field kind '{name}'");

    private static ImmutableArray<Choice> ReadChoices(Mapping map) =>
        map["choices"] is Mapping choices ? [.. choices.Entries.Select(e => new Choice(e.Key, ((Scalar)e.Value).Text))] : [];

    private static Condition? ReadCondition(Mapping map) =>
        map["when"] is Mapping { Entries: [var only] }
            ? new Condition(only.Key, only.Value is Sequence s ? [.. s.Items.Select(i => ((Scalar)i).Text)] : [((Scalar)only.Value).Text])
            : null;

    private static FieldScope ReadScope(Mapping map) =>
        Optional(map, "scope") switch
        {
            null or "cluster" => FieldScope.Cluster,
            "node" => FieldScope.Node,
            var other => throw new FormatException($"{map["scope"]!.Origin}: 'scope' is cluster or node, not '{other}'"),
        };

    private static bool Flag(Mapping map, string key) =>
        Optional(map, key) switch
        {
            null or "false" => false,
            "true" => true,
            var other => throw new FormatException($"{map[key]!.Origin}: '{key}' is true or false, not '{other}'"),
        };

    private static decimal? Number(Mapping map, string key) =>
        Optional(map, key) is { } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : null;

    private static ImmutableArray<Node> Items(Mapping map, string key) => map[key] is Sequence s ? s.Items : [];

    private static string? Optional(Mapping map, string key) => map[key] is Scalar s ? s.Text.Trim() : null;

    private static string Text(Mapping map, string key) =>
        Optional(map, key) ?? throw new FormatException($"{map.Origin}: '{key}' is missing");
}

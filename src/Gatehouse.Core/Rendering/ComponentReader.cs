using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Rendering;

/// <summary>Reads <c>component.yaml</c>.</summary>
public static class ComponentReader
{
    private static readonly ImmutableHashSet<string> Keys =
    [
        "name",
        "summary",
        "order",
        "roles",
        "when",
        "packages",
        "directories",
        "files",
        "links",
        "absent",
        "members",
        "reactions",
        "units",
        "listens",
        "scratch",
        "checks",
        "verifications",
    ];

    /// <summary>Reads one component.</summary>
    /// <exception cref="FormatException">The file is not a valid component; the message names file and line.</exception>
    public static Component Read(string file, ReadOnlySpan<byte> bytes)
    {
        var report = new Report();
        if (YamlReader.Read(file, bytes, report) is not Mapping root)
            throw new FormatException(string.Join('\n', report));
        foreach (var entry in root.Entries)
            if (!Keys.Contains(entry.Key))
                throw new FormatException($"{entry.Origin}: unknown key '{entry.Key}'");
        return new Component
        {
            Name = Text(root, "name"),
            Summary = Text(root, "summary"),
            Order = int.Parse(Text(root, "order"), CultureInfo.InvariantCulture),
            Roles = Texts(root, "roles"),
            When = Text(root, "when", ""),
            Packages = Texts(root, "packages"),
            Entries = ReadEntries(root),
            Members = [.. Maps(root, "members").Select(m => new Membership(Text(m, "user"), Text(m, "group"), Text(m, "restart")))],
            Reactions = [.. Maps(root, "reactions").Select(m => new Reaction(Texts(m, "run"), Texts(m, "on")))],
            Units = [.. Maps(root, "units").Select(ReadUnit)],
            Listens = Texts(root, "listens"),
            Scratch = Texts(root, "scratch"),
            Checks = [.. Maps(root, "checks").Select(ReadCheck)],
            Verifications = [.. Maps(root, "verifications").Select(ReadVerification)],
        };
    }

    private static ImmutableArray<ComponentEntry> ReadEntries(Mapping root) =>
        [
            .. Maps(root, "directories").Select(m => Entry(m, EntryKind.Directory, "", "0755")),
            .. Maps(root, "files").Select(m => Entry(m, EntryKind.File, Text(m, "template"), "0644")),
            .. Maps(root, "links").Select(m => Entry(m, EntryKind.Link, Text(m, "target"), "0777")),
            .. Maps(root, "absent").Select(m => Entry(m, EntryKind.Absent, "", "0644")),
        ];

    private static ComponentEntry Entry(Mapping map, EntryKind kind, string source, string mode)
    {
        var owner = Text(map, "owner", "root:root").Split(':');
        return new ComponentEntry(
            kind,
            Text(map, "path"),
            source,
            new Ownership(owner[0], owner[1], Ownership.ParseMode(Text(map, "mode", mode))),
            Text(map, "secret", "false") == "true",
            Text(map, "when", ""),
            Kept(map),
            Text(map, "only-with", "")
        );
    }

    private static string Kept(Mapping map) =>
        Text(map, "keeps", "") is var kind && (kind.Length == 0 || OwnLines.Kinds.Contains(kind))
            ? kind
            : throw new FormatException($"{map.Origin}: 'keeps' is one of {string.Join(", ", OwnLines.Kinds)}");

    private static ComponentUnit ReadUnit(Mapping map) =>
        new(
            Text(map, "unit"),
            Text(map, "state", "running") == "running",
            Texts(map, "restart"),
            Texts(map, "reload"),
            Text(map, "when", "")
        );

    private static Check ReadCheck(Mapping map)
    {
        var exits = Texts(map, "exit");
        return new Check(
            Text(map, "name"),
            Text(map, "program", Texts(map, "run")[0]),
            Texts(map, "run"),
            map["input"] is Scalar s ? s.Text : "",
            exits.IsEmpty ? [0] : [.. exits.Select(e => int.Parse(e, CultureInfo.InvariantCulture))],
            Texts(map, "fatal"),
            Texts(map, "wanted"),
            Text(map, "many-users", "false") == "true",
            Text(map, "when", "")
        );
    }

    private static Verification ReadVerification(Mapping map)
    {
        var parameters = map
            .Entries.Where(e => e.Key is not ("name" or "kind" or "within" or "when"))
            .ToImmutableSortedDictionary(e => e.Key, e => ((Scalar)e.Value).Text, StringComparer.Ordinal);
        if (!Quantities.TryParseDuration(Text(map, "within", "30s"), out var within))
            throw new FormatException($"{map.Origin}: 'within' is not a duration");
        return new Verification(Text(map, "name"), Text(map, "kind"), parameters, within, Text(map, "when", ""));
    }

    private static IEnumerable<Mapping> Maps(Mapping map, string key) => map[key] is Sequence s ? s.Items.Cast<Mapping>() : [];

    private static ImmutableArray<string> Texts(Mapping map, string key) =>
        map[key] is Sequence s ? [.. s.Items.Select(i => ((Scalar)i).Text)] : [];

    private static string Text(Mapping map, string key, string? otherwise = null) =>
        (map[key] as Scalar)?.Text ?? otherwise ?? throw new FormatException($"{map.Origin}: '{key}' is missing");
}

using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Answering;

/// <summary>Raw answers by field path (<c>screen.key</c>), each with the place it was written at.</summary>
/// <param name="File">The name of the file, for findings.</param>
/// <param name="Values">What was written, not yet typed.</param>
/// <param name="Readable">False when the file could not be read at all, so that nothing can be said about what is missing.</param>
public sealed record Answers(string File, ImmutableSortedDictionary<string, Node> Values, bool Readable = true)
{
    /// <summary>The ids of the screens that are to be asked all the same, in screen order; the others are taken as written.</summary>
    public ImmutableArray<string> Interactive { get; init; } = [];

    /// <summary>The raw value of a field; null when it was not given or left empty.</summary>
    public Node? this[string path] => Values.TryGetValue(path, out var node) && node is not Scalar { IsNull: true } ? node : null;

    /// <summary>A single value as text; null when absent or not a single value.</summary>
    public string? Text(string path) => (this[path] as Scalar)?.Text;
}

/// <summary>Reads an answer file: <c>version: 1</c>, perhaps <c>interactive</c>, then one section a screen.</summary>
public static class AnswerFile
{
    /// <summary>The version this program writes and reads.</summary>
    public const int Version = 1;

    /// <summary>Reads the bytes of an answer file. Everything wrong is in the report; what could be read is returned.</summary>
    /// <param name="file">Name to show in findings.</param>
    /// <param name="bytes">Content, UTF-8.</param>
    /// <param name="screens">Known keys.</param>
    /// <param name="report">Receives the findings.</param>
    public static Answers Read(string file, ReadOnlySpan<byte> bytes, ScreenSet screens, Report report)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, Node>(StringComparer.Ordinal);
        if (YamlReader.Read(file, bytes, report) is not Mapping root)
            return new Answers(file, values.ToImmutable(), false);
        CheckVersion(root, report);
        foreach (var entry in root.Entries)
            ReadSection(entry, screens, values, report);
        var interactive = root[InteractiveKey.Name] is { } node ? InteractiveKey.Read(node, screens, report) : [];
        return new Answers(file, values.ToImmutable()) { Interactive = interactive };
    }

    private static void CheckVersion(Mapping root, Report report)
    {
        if (root["version"] is not { } node)
            report.Error("version-missing", "version", "the file must begin with 'version: 1'.", root.Origin);
        else if (node is not Scalar { Text: "1" })
            report.Error(
                "version-unknown",
                "version",
                $"this program reads version {Version} of the answer file; a newer gatehouse may have written this one.",
                node.Origin
            );
    }

    private static void ReadSection(Entry entry, ScreenSet screens, ImmutableSortedDictionary<string, Node>.Builder values, Report report)
    {
        if (entry.Key is "version" or InteractiveKey.Name)
            return;
        if (screens[entry.Key] is not { } screen)
        {
            var sections = screens.Screens.Select(s => s.Id).ToArray();
            report.Error(
                "unknown-section",
                entry.Key,
                $"there is no section '{Printable(entry.Key)}'; there are {string.Join(", ", sections)}."
                    + Nearest.Hint(entry.Key, sections.Append(InteractiveKey.Name)),
                entry.Origin
            );
            return;
        }

        if (entry.Value is Scalar { IsNull: true })
            return;
        if (entry.Value is not Mapping section)
        {
            report.Error(
                "not-a-section",
                entry.Key,
                $"expected the keys of section '{entry.Key}' below it, found {entry.Value.Describe()}.",
                entry.Value.Origin
            );
            return;
        }

        foreach (var answer in section.Entries)
        {
            if (screen.Fields.Any(f => f.Key == answer.Key))
                values[$"{screen.Id}.{answer.Key}"] = answer.Value;
            else
                report.Error("unknown-key", $"{screen.Id}.{Printable(answer.Key)}", UnknownKey(answer.Key, screen, screens), answer.Origin);
        }
    }

    private static string UnknownKey(string key, Screen screen, ScreenSet screens)
    {
        var hint = Nearest.Hint(key, screen.Fields.Select(f => f.Key));
        var elsewhere = screens.Screens.FirstOrDefault(s => s.Fields.Any(f => f.Key == key));
        if (hint.Length == 0 && elsewhere is not null)
            hint = $" It belongs to section '{elsewhere.Id}'.";
        if (hint.Length == 0)
            hint = " 'gatehouse new' prints every key there is.";
        return $"section '{screen.Id}' has no key '{Printable(key)}'.{hint}";
    }

    /// <summary>A text as a finding may print it: short, without control characters.</summary>
    internal static string Printable(string text)
    {
        var clean = new string([.. text.Select(c => char.IsControl(c) ? '?' : c)]);
        return clean.Length <= 60 ? clean : clean[..60] + "...";
    }
}

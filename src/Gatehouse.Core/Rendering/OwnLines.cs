using System.Collections.Immutable;

namespace Gatehouse.Core.Rendering;

/// <summary>
/// Files that Gatehouse shares with the administrator and the system: its lines stand between two marks, all others are kept.
/// What is judged and replaced is the part between the marks, and own lines that contradict it.
/// </summary>
public static class OwnLines
{
    /// <summary>Begins our part.</summary>
    public const string Begin = "# gatehouse begins: do not edit up to the end mark; lines of your own go above or below.";

    /// <summary>Ends our part.</summary>
    public const string End = "# gatehouse ends.";

    private const string BeginWord = "# gatehouse begins";
    private const string Older = "# Written by gatehouse.";

    /// <summary>Stands before the kind of a shared file that is to be as it was before Gatehouse.</summary>
    public const string Before = "before:";

    /// <summary>The kinds of file that are shared, as <c>keeps:</c> in <c>component.yaml</c> names them.</summary>
    public static ImmutableArray<string> Kinds { get; } = ["hosts", "resolver"];

    /// <summary>Puts our part into a file.</summary>
    /// <param name="kind">The kind of file.</param>
    /// <param name="ours">Our lines, without marks.</param>
    /// <param name="there">The file as it is; null when there is none.</param>
    /// <param name="generated">Whether it belongs to another program, which a link into its directory tells: little of it is kept.</param>
    public static string Merge(string kind, string ours, string? there, bool generated)
    {
        var mine = Lines(ours);
        var (above, below) = Split(there ?? "");
        // A file that never had our part begins with it: the first line that knows a name wins.
        var isNew = !HasPart(there);
        Func<string, string?> keep = kind == "hosts" ? HostsRule(mine) : ResolverRule(mine, isNew, generated);
        ImmutableArray<string> kept = [.. below.Select(keep).OfType<string>()];
        return string.Concat(((string[])[.. above.Select(keep).OfType<string>(), Begin, .. mine, End, .. kept]).Select(l => l + "\n"));
    }

    /// <summary>A shared file as it was before Gatehouse, with the lines that were added to it since.</summary>
    /// <param name="kind">The kind of file.</param>
    /// <param name="original">The file before Gatehouse.</param>
    /// <param name="there">The file as it is.</param>
    public static string Restore(string kind, string original, string? there)
    {
        if (there is null || Part(there) is not { } part)
            return original;
        var keep = kind == "hosts" ? HostsRule(Lines(part)) : ResolverRule(Lines(part), isNew: false, generated: false);
        var known = Lines(original).Concat(Lines(original).Select(keep).OfType<string>()).ToHashSet(StringComparer.Ordinal);
        var (above, below) = Split(there);
        string[] added = [.. above.Concat(below).Where(l => l.Trim().Length > 0 && !known.Contains(l))];
        return added.Length == 0 ? original : string.Concat(Lines(original).Concat(added).Select(l => l + "\n"));
    }

    /// <summary>Our lines in a file, without marks; null when there are none.</summary>
    public static string? Part(string text)
    {
        var lines = Lines(text);
        var (begin, end) = Marks(lines);
        return begin < 0 ? null : string.Concat(lines[(begin + 1)..end].Select(l => l + "\n"));
    }

    private static bool HasPart(string? text) => text is not null && Marks(Lines(text)).Begin >= 0;

    // Without marks, everything is below. A file of a release that wrote it whole is ours whole.
    private static (string[] Above, string[] Below) Split(string text)
    {
        var lines = Lines(text);
        var (begin, end) = Marks(lines);
        if (begin >= 0)
            return (lines[..begin], lines[(end + 1)..]);
        return lines is [Older, ..] ? ([], []) : ([], lines);
    }

    private static (int Begin, int End) Marks(string[] lines)
    {
        var begin = Array.FindIndex(lines, l => l.StartsWith(BeginWord, StringComparison.Ordinal));
        var end = begin < 0 ? -1 : Array.FindIndex(lines, begin, l => l == End);
        return end < 0 ? (-1, -1) : (begin, end);
    }

    // A name that is ours has our address alone; other names of the same line keep theirs.
    private static Func<string, string?> HostsRule(string[] mine)
    {
        var names = mine.SelectMany(l => Words(l).Skip(1)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return line =>
        {
            var words = Words(line);
            if (words.Length < 2 || !words.Skip(1).Any(names.Contains))
                return line;
            string[] left = [.. words.Skip(1).Where(w => !names.Contains(w))];
            return left.Length == 0 ? null : $"{words[0]} {string.Join(' ', left)}";
        };
    }

    // Name servers are ours alone, and so are the options that we set.
    private static Func<string, string?> ResolverRule(string[] mine, bool isNew, bool generated)
    {
        var options = mine.Select(Words)
            .Where(w => w is ["options", ..])
            .SelectMany(w => w.Skip(1))
            .Select(Option)
            .ToHashSet(StringComparer.Ordinal);
        return line =>
        {
            var words = Words(line);
            switch (words)
            {
                case ["nameserver", ..]:
                    return null;
                // The domain of a resolver on this host that nothing is looked up in.
                case ["search", "."]:
                    return null;
                case ["search" or "domain" or "sortlist", ..]:
                    return line;
                case ["options", ..]:
                    string[] left = generated ? [] : [.. words.Skip(1).Where(w => !options.Contains(Option(w)))];
                    return left.Length == 0 ? null
                        : left.Length == words.Length - 1 ? line
                        : $"options {string.Join(' ', left)}";
                // Another program's remarks about its file are not true any more.
                default:
                    return isNew ? null : line;
            }
        };
    }

    private static string Option(string word) => word.Split(':')[0];

    private static string[] Words(string line) => line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string[] Lines(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }
}

using System.Collections.Immutable;

namespace Gatehouse.Core.Outside;

/// <summary>DKIM records (RFC 6376 section 3.6.1), as a zone file and as DNS give them.</summary>
public static class DkimRecord
{
    /// <summary>The lines of the file that says what to publish, without its comments.</summary>
    public static ImmutableArray<string> Lines(string file) =>
        [.. file.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith(';'))];

    /// <summary>The line of one domain; null when the file has none.</summary>
    public static string? LineOf(string file, string name) =>
        Lines(file).FirstOrDefault(l => l.StartsWith($"{name}. ", StringComparison.Ordinal));

    /// <summary>The public key of a zone file's line: its quoted strings are one text.</summary>
    public static string KeyOfLine(string line) => KeyOf(string.Concat(line.Split('"').Where((_, i) => i % 2 == 1)));

    /// <summary>The public key of a record's text; empty when it has none.</summary>
    public static string KeyOf(string text) =>
        text.Split(';')
            .Select(t => t.Split('=', 2))
            .Where(t => t.Length == 2 && t[0].Trim() == "p")
            .Select(t => new string([.. t[1].Where(c => !char.IsWhiteSpace(c))]))
            .FirstOrDefault()
        ?? "";
}

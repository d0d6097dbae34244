using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Logs;

/// <summary>What somebody wants of the stream of log lines that a node keeps in its journal.</summary>
public sealed partial record LogQuery
{
    /// <summary>The most message ids of one question.</summary>
    public const int MostIds = 50;

    /// <summary>The most texts of one question.</summary>
    private const int MostWords = 4;

    /// <summary>The last moment that can be written, as Unix time.</summary>
    internal const long LastSecond = 253402300799;

    // What belongs to the stream: all that is logged as mail (syslog facility 2), and what the units of this program say.
    private static readonly ImmutableArray<string> Stream =
    [
        "SYSLOG_FACILITY=2",
        .. new[] { "agent", "follow", "logs", "sync", "redis", "sentinel", "primary", "watch" }.SelectMany(u =>
            new[] { "+", $"_SYSTEMD_UNIT=gatehouse-{u}.service" }
        ),
    ];

    /// <summary>Where to go on: the line with this cursor is the first of the answer, so that whoever asks sees that it is still there.
    /// Null begins elsewhere.</summary>
    public string? Cursor { get; init; }

    /// <summary>Lines from this moment on; null for all. Not together with <see cref="Cursor"/>.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether lines to come are wanted as well, for as long as somebody listens.</summary>
    public bool Follow { get; init; }

    /// <summary>Only lines that hold one of these message ids; none for all lines.</summary>
    public ImmutableArray<string> Ids { get; init; } = [];

    /// <summary>Only lines that hold one of these texts, in capitals or not; none for all lines. Not together with
    /// <see cref="Ids"/>.</summary>
    public ImmutableArray<string> Words { get; init; } = [];

    /// <summary>The name of another node: lines of it that this one has collected. Null for the node's own.</summary>
    public string? CollectedOf { get; init; }

    /// <summary>Whether a text can be a position in a journal.</summary>
    public static bool IsCursor(string text) => text.Length <= 300 && CursorForm().IsMatch(text);

    /// <summary>Whether a text can be the id of a message: Exim's, or a Message-ID without its angle brackets (RFC 5322 section
    /// 3.6.4).</summary>
    public static bool IsId(string text) => text.Length is >= 3 and <= 250 && text.All(c => c is > ' ' and < '\x7f' and not ('<' or '>'));

    /// <summary>The question as the query of a URL.</summary>
    public string ToUrl()
    {
        var parts = new List<string>();
        if (Cursor is not null)
            parts.Add($"cursor={Uri.EscapeDataString(Cursor)}");
        if (Since is { } since)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"since={since.ToUnixTimeSeconds()}"));
        if (Follow)
            parts.Add("follow=1");
        if (CollectedOf is not null)
            parts.Add($"of={Uri.EscapeDataString(CollectedOf)}");
        parts.AddRange(Ids.Select(id => $"id={Uri.EscapeDataString(id)}"));
        parts.AddRange(Words.Select(word => $"word={Uri.EscapeDataString(word)}"));
        return parts.Count == 0 ? "" : "?" + string.Join('&', parts);
    }

    /// <summary>Reads the question from the parts of a query.</summary>
    /// <param name="parts">Names and values, as they came.</param>
    /// <param name="query">The question.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static bool TryRead(IEnumerable<KeyValuePair<string, string>> parts, out LogQuery query, out string problem)
    {
        query = new LogQuery();
        problem = "";
        foreach (var (name, value) in parts)
        {
            switch (name)
            {
                case "cursor" when IsCursor(value):
                    query = query with { Cursor = value };
                    break;
                case "since"
                    when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= LastSecond:
                    query = query with { Since = DateTimeOffset.FromUnixTimeSeconds(seconds) };
                    break;
                case "follow" when value == "1":
                    query = query with { Follow = true };
                    break;
                case "id" when IsId(value) && query.Ids.Length < MostIds:
                    query = query with { Ids = query.Ids.Add(value) };
                    break;
                case "word" when MailFilter.IsWord(value) && query.Words.Length < MostWords:
                    query = query with { Words = query.Words.Add(value) };
                    break;
                case "of" when Values.Names.TryParse(value, 1, out var node) && node == value:
                    query = query with { CollectedOf = value };
                    break;
                default:
                    problem = $"'{name}' is not known, or has a value that will not do.";
                    return false;
            }
        }

        if (query is { Cursor: not null, Since: not null })
            problem = "either a cursor or a time, not both.";
        else if (!query.Ids.IsEmpty && !query.Words.IsEmpty)
            problem = "either ids or texts, not both.";
        return problem.Length == 0;
    }

    /// <summary>Whether a line holds what is looked for.</summary>
    public bool Holds(string text) =>
        (Ids.IsEmpty || Ids.Any(id => text.Contains(id, StringComparison.Ordinal)))
        && (Words.IsEmpty || Words.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase)));

    /// <summary>The arguments for journalctl(1) that give the lines of this host's journal.</summary>
    public ImmutableArray<string> JournalArguments()
    {
        var arguments = ImmutableArray.CreateBuilder<string>();
        // Without --merge, who follows would hear nothing of before the last boot.
        arguments.AddRange(
            "--quiet",
            "--no-pager",
            "--system",
            "--merge",
            "--all",
            "--output=json",
            "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID"
        );
        // Else it shows no more than ten lines of before.
        if (Follow)
            arguments.AddRange("--follow", "--no-tail");
        if (Cursor is not null)
            arguments.Add($"--cursor={Cursor}");
        if (Since is { } since)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--since=@{since.ToUnixTimeSeconds()}"));
        if (!Ids.IsEmpty)
            arguments.AddRange("--case-sensitive=yes", $"--grep={string.Join('|', Ids.Select(Quoted))}");
        if (!Words.IsEmpty)
            arguments.AddRange("--case-sensitive=no", $"--grep={string.Join('|', Words.Select(Quoted))}");
        arguments.AddRange(Stream);
        return arguments.ToImmutable();
    }

    // A Perl-compatible expression takes a backslash before any ASCII character that is no letter or digit for that character.
    private static string Quoted(string id) =>
        string.Concat(id.Select(c => char.IsAsciiLetterOrDigit(c) || !char.IsAscii(c) ? $"{c}" : $"\\{c}"));

    [GeneratedRegex(@"^[a-z]=[0-9a-f]{1,32}(;[a-z]=[0-9a-f]{1,32}){1,7}\z", RegexOptions.CultureInvariant)]
    private static partial Regex CursorForm();
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Core.Logs;

/// <summary>A line of a node's log in the form in which it is printed as JSON and kept where it is collected: one line, an
/// object.</summary>
public static class CollectedLine
{
    /// <summary>How the time is written.</summary>
    public const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The line.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="line">What it logged.</param>
    /// <param name="sharesOnly">Whether it only shares a Message-ID with what was looked for.</param>
    public static string Write(string node, LogLine line, bool sharesOnly = false)
    {
        var json = new JsonObject
        {
            ["time"] = line.Time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture),
            ["node"] = node,
            ["source"] = line.Source,
            ["priority"] = line.Priority,
            ["text"] = line.Text,
            ["cursor"] = line.Cursor,
        };
        if (sharesOnly)
            json["shares_only"] = "message-id";
        return json.ToJsonString();
    }

    /// <summary>Reads one; null when it is none, such as one that was cut off.</summary>
    public static (string Node, LogLine Line)? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var entry = JsonDocument.Parse(json);
            var root = entry.RootElement;
            return
                root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("cursor", out var cursor)
                && cursor.GetString() is { } position
                && DateTimeOffset.TryParseExact(
                    root.GetProperty("time").GetString(),
                    TimeForm,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var time
                )
                ? (
                    root.GetProperty("node").GetString() ?? "",
                    new LogLine(
                        position,
                        time,
                        root.GetProperty("source").GetString() ?? "",
                        root.GetProperty("priority").GetInt32(),
                        root.GetProperty("text").GetString() ?? ""
                    )
                )
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// Where a file of such lines is whole: how many of its bytes are lines that ended, and the position of the last of them. What a kill
    /// or a loss of power left behind that is cut off, and comes again.
    /// </summary>
    /// <param name="tail">The end of the file.</param>
    /// <param name="whole">How many bytes of it are whole lines.</param>
    /// <param name="cursor">The position of the last line; null when none of them has one.</param>
    public static void Measure(ReadOnlyMemory<byte> tail, out int whole, out string? cursor)
    {
        cursor = null;
        for (whole = tail.Span.LastIndexOf((byte)'\n') + 1; whole > 0; )
        {
            var start = tail.Span[..(whole - 1)].LastIndexOf((byte)'\n') + 1;
            if (Read(tail[start..(whole - 1)]) is { } last)
            {
                cursor = last.Line.Cursor;
                return;
            }

            // After a loss of power there may be anything where lines were not on the disk yet.
            whole = start;
        }
    }

    /// <summary>The line as a person reads it.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="line">What it logged.</param>
    public static string Show(string node, LogLine line) =>
        new StringBuilder()
            .Append(line.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture))
            .Append(' ')
            .Append(node.Split('.')[0])
            .Append(' ')
            .Append(Quarantine.StrangerText.Of(line.Source.Length == 0 ? "-" : line.Source, 40))
            .Append(": ")
            .Append(Quarantine.StrangerText.Of(line.Text, 8000))
            .ToString();
}

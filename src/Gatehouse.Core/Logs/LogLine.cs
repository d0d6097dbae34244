using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Core.Logs;

/// <summary>A line of a node's log.</summary>
/// <param name="Cursor">Its position in the node's stream; nothing else has it.</param>
/// <param name="Time">When it was logged.</param>
/// <param name="Source">What logged it, such as <c>exim</c>.</param>
/// <param name="Priority">How much it matters, as in syslog (RFC 5424 section 6.2.1): 0 most, 7 least.</param>
/// <param name="Text">What it says, as it came: it may hold anything.</param>
public sealed record LogLine(string Cursor, DateTimeOffset Time, string Source, int Priority, string Text)
{
    /// <summary>Reads a line of <c>journalctl --output=json</c>; null when it is none.</summary>
    public static LogLine? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var entry = JsonDocument.Parse(json);
            if (entry.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            var cursor = Field(entry.RootElement, "__CURSOR");
            if (
                !LogQuery.IsCursor(cursor)
                || !long.TryParse(
                    Field(entry.RootElement, "__REALTIME_TIMESTAMP"),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var microseconds
                )
            )
                return null;
            if (microseconds / 1_000_000 > LogQuery.LastSecond)
                return null;
            var priority = Field(entry.RootElement, "PRIORITY");
            return new LogLine(
                cursor,
                DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond),
                Field(entry.RootElement, "SYSLOG_IDENTIFIER"),
                priority is [>= '0' and <= '7'] ? priority[0] - '0' : 6,
                Field(entry.RootElement, "MESSAGE")
            );
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A field is a text; bytes where it is not one of printable characters; a list where it was given several times.
    private static string Field(JsonElement entry, string name)
    {
        if (!entry.TryGetProperty(name, out var value))
            return "";
        if (
            value.ValueKind == JsonValueKind.Array
            && value.GetArrayLength() > 0
            && value[0].ValueKind is JsonValueKind.String or JsonValueKind.Array
        )
            value = value[0];
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Array => Encoding.UTF8.GetString([
                .. value.EnumerateArray().Select(b => b.TryGetByte(out var one) ? one : (byte)'?'),
            ]),
            _ => "",
        };
    }
}

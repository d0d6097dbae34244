using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Core.Logs;

/// <summary>How far a subscriber has read: the last line of each node, by the node's number, which is never used again.</summary>
/// <param name="Positions">Cursors.</param>
public sealed record Checkpoint(ImmutableSortedDictionary<int, string> Positions)
{
    /// <summary>Where nodes begin of which nothing was read; null for the oldest line that there is.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Nothing was read yet.</summary>
    public static Checkpoint Nothing { get; } = new(ImmutableSortedDictionary<int, string>.Empty);

    /// <summary>Whether a text can be the name of a subscriber: it becomes the name of a file.</summary>
    public static bool IsName(string text) =>
        text.Length is >= 1 and <= 60
        && char.IsAsciiLetterOrDigit(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>The same after a line of a node.</summary>
    public Checkpoint After(int node, string cursor) => this with { Positions = Positions.SetItem(node, cursor) };

    /// <summary>The same for somebody who reads nodes anew.</summary>
    /// <param name="nodes">Their numbers.</param>
    /// <param name="since">Where they begin; null for the oldest line.</param>
    public Checkpoint Anew(IEnumerable<int> nodes, DateTimeOffset? since) => new(Positions.RemoveRange(nodes)) { Since = since };

    /// <summary>The last line that was read of a node; null when there was none.</summary>
    public string? Of(int node) => Positions.GetValueOrDefault(node);

    /// <summary>The text of it.</summary>
    public string Write()
    {
        var text = new JsonObject(
            Positions.Select(p => KeyValuePair.Create(p.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)p.Value))
        );
        if (Since is { } since)
            text.Add("since", since.ToUnixTimeSeconds());
        return text.ToJsonString() + "\n";
    }

    /// <summary>Reads the text; null when it is none.</summary>
    public static Checkpoint? Read(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is not JsonObject positions)
                return null;
            var read = Nothing;
            foreach (var (node, cursor) in positions)
            {
                if (
                    node == "since"
                    && cursor is JsonValue moment
                    && moment.TryGetValue<long>(out var seconds)
                    && seconds is >= 0 and <= LogQuery.LastSecond
                )
                {
                    read = read with { Since = DateTimeOffset.FromUnixTimeSeconds(seconds) };
                    continue;
                }

                if (
                    !int.TryParse(node, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    || cursor is not JsonValue value
                    || !value.TryGetValue<string>(out var position)
                    || !LogQuery.IsCursor(position)
                )
                    return null;
                read = read.After(number, position);
            }

            return read;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

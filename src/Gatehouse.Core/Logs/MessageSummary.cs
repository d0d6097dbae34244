using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Core.Quarantine;

namespace Gatehouse.Core.Logs;

/// <summary>What became of a message, as its lines tell.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Node">The node that had it.</param>
/// <param name="Time">When its first line was logged.</param>
/// <param name="Sender">Its sender; empty for a bounce; null when no line tells.</param>
/// <param name="Recipients">Its recipients.</param>
/// <param name="Verdict">The scanner's words about it, such as <c>spam 7.2 quarantine</c>; empty when no line tells.</param>
/// <param name="State">What became of it: delivered, quarantined, waiting, on hold, removed, bounced, refused, or several of them.</param>
public sealed partial record MessageSummary(
    string Id,
    string Node,
    DateTimeOffset Time,
    string? Sender,
    ImmutableArray<string> Recipients,
    string Verdict,
    string State
)
{
    private const string Mark = "gatehouse: ";

    /// <summary>Sums up the lines of a message.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="lines">Its lines, in the order of their times; at least one.</param>
    public static MessageSummary Of(string id, string node, IEnumerable<LogLine> lines)
    {
        var all = lines.ToArray();
        var states = new Dictionary<string, string>(StringComparer.Ordinal);
        var own = new List<string>();
        var (isRemoved, isHeld) = (false, false);
        foreach (var text in all.Select(l => l.Text))
        {
            // One state a recipient: the last one.
            if (Outcome().Match(text) is { Success: true } outcome)
                states[outcome.Groups[2].Value] = outcome.Groups[1].Value switch
                {
                    "==" => "waiting",
                    "**" => "bounced",
                    _ => text.Contains(" T=quarantine_store", StringComparison.Ordinal) ? "quarantined"
                    : outcome.Groups[2].Value == ":blackhole:" ? "discarded"
                    : "delivered",
                };
            else if (text.Contains(" rejected after DATA", StringComparison.Ordinal))
                own.Add("refused");
            else if (Removed().IsMatch(text))
                isRemoved = true;
            else if (Hold().Match(text) is { Success: true } hold)
                isHeld = hold.Groups[1].Value is "frozen" or "Frozen";
        }

        var waits =
            isRemoved ? "removed"
            : isHeld ? "on hold"
            : "waiting";
        if (isRemoved && !states.ContainsValue("waiting"))
            own.Add(waits);
        var state = states.Values.Select(s => s == "waiting" ? waits : s).Concat(own).Distinct(StringComparer.Ordinal).ToArray();
        return new MessageSummary(
            id,
            node,
            all[0].Time,
            all.Select(l => MessageTrail.SenderOf(l.Text)).FirstOrDefault(s => s is not null),
            [
                .. all.SelectMany(l => l.Text.Contains(" <= ", StringComparison.Ordinal) ? MessageTrail.RecipientsOf(l.Text) : [])
                    .Distinct(StringComparer.Ordinal),
            ],
            all.Select(l => VerdictOf(l.Text)).FirstOrDefault(v => v.Length > 0) ?? "",
            state.Length == 0 ? waits : string.Join(", ", state)
        );
    }

    /// <summary>A line for a person; what strangers wrote in it is shown harmless.</summary>
    public string AsText() =>
        string.Join(
            "  ",
            Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            Node.Split('.')[0],
            Id,
            Sender is null ? "-"
                : Sender.Length == 0 ? "<>"
                : StrangerText.Of(Sender, 60),
            "->",
            Recipients.IsEmpty
                ? "-"
                : StrangerText.Of(string.Join(' ', Recipients.Take(3)), 120)
                    + (Recipients.Length > 3 ? string.Create(CultureInfo.InvariantCulture, $" +{Recipients.Length - 3}") : ""),
            Verdict.Length == 0 ? State : $"{StrangerText.Of(Verdict, 80)}: {State}"
        );

    /// <summary>An object on a line.</summary>
    /// <param name="sharesOnly">Whether it only shares a Message-ID with what was looked for.</param>
    public string AsJson(bool sharesOnly) =>
        new JsonObject
        {
            ["time"] = Time.UtcDateTime.ToString(CollectedLine.TimeForm, CultureInfo.InvariantCulture),
            ["node"] = Node,
            ["id"] = Id,
            ["sender"] = Sender,
            ["recipients"] = new JsonArray([.. Recipients.Select(r => (JsonNode)r)]),
            ["verdict"] = Verdict,
            ["state"] = State,
            ["shares_only"] = sharesOnly ? "message-id" : null,
        }.ToJsonString();

    private static string VerdictOf(string text)
    {
        var begin = text.IndexOf(Mark, StringComparison.Ordinal);
        // Behind the id, where no stranger writes.
        if (begin < 0 || MessageTrail.IdOf(text) is not { } id || begin != text.IndexOf(id, StringComparison.Ordinal) + id.Length + 1)
            return "";
        var words = Word()
            .Matches(text[(begin + Mark.Length)..])
            .GroupBy(m => m.Groups[1].Value, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First().Groups[2].Value, StringComparer.Ordinal);
        return string.Join(
            ' ',
            new[] { "verdict", "score", "action" }.Select(w => words.GetValueOrDefault(w, "")).Where(w => w.Length > 0)
        );
    }

    [GeneratedRegex(@"^\S+ (=>|->|>>|\*>|\*\*|==) (""(?:[^""\\]|\\.)*""@\S+|:blackhole:|[^\s:]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Outcome();

    // Exim writes these itself, directly behind the id.
    [GeneratedRegex(@"^\S+ (frozen|unfrozen|Frozen|Unfrozen) (?:by|\()", RegexOptions.CultureInvariant)]
    private static partial Regex Hold();

    [GeneratedRegex(@"^\S+ removed by ", RegexOptions.CultureInvariant)]
    private static partial Regex Removed();

    [GeneratedRegex(@"\b(verdict|score|action)=(\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}

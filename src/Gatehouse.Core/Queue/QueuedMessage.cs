using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Queue;

/// <summary>A message in Exim's queue. Addresses are the text of strangers.</summary>
/// <param name="Id">Exim's message id.</param>
/// <param name="Received">When it arrived, as its id tells.</param>
/// <param name="Size">Its size as Exim shows it, such as 2.9K.</param>
/// <param name="Sender">Its sender; empty for a bounce.</param>
/// <param name="IsFrozen">Whether it is on hold.</param>
/// <param name="Waiting">Recipients that it was not delivered to yet.</param>
/// <param name="Delivered">Recipients that it was delivered to.</param>
public sealed partial record QueuedMessage(
    string Id,
    DateTimeOffset Received,
    string Size,
    string Sender,
    bool IsFrozen,
    ImmutableArray<string> Waiting,
    ImmutableArray<string> Delivered
)
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Whether a text is a message id of Exim.</summary>
    public static bool IsId(string text) => WholeId().IsMatch(text);

    /// <summary>Reads what <c>exim4 -bp</c> prints, the oldest first.</summary>
    public static ImmutableArray<QueuedMessage> ReadAll(string output)
    {
        var all = ImmutableArray.CreateBuilder<QueuedMessage>();
        foreach (var line in output.Split('\n'))
        {
            if (Head().Match(line) is { Success: true } head)
            {
                var sender = head.Groups["sender"].Value;
                all.Add(
                    new QueuedMessage(
                        head.Groups["id"].Value,
                        TimeOf(head.Groups["id"].Value),
                        head.Groups["size"].Value,
                        sender,
                        line.EndsWith("*** frozen ***", StringComparison.Ordinal),
                        [],
                        []
                    )
                );
            }
            else if (all.Count > 0 && Address().Match(line) is { Success: true } address)
            {
                var one = address.Groups["address"].Value;
                all[^1] = address.Groups["done"].Success
                    ? all[^1] with
                    {
                        Delivered = all[^1].Delivered.Add(one),
                    }
                    : all[^1] with
                    {
                        Waiting = all[^1].Waiting.Add(one),
                    };
            }
        }

        return [.. all.OrderBy(m => m.Received).ThenBy(m => m.Id, StringComparer.Ordinal)];
    }

    /// <summary>The moment in an id: its first six characters count seconds since 1970 in base 62.</summary>
    public static DateTimeOffset TimeOf(string id)
    {
        long seconds = 0;
        foreach (var c in id.AsSpan(0, Math.Min(6, id.Length)))
            seconds = (seconds * 62) + Math.Max(0, Digits.IndexOf(c, StringComparison.Ordinal));
        return DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, 253402300799));
    }

    /// <summary>
    /// Why a recipient waits: the last line about it in the message's own log. A line that only says that the time of the next try has not
    /// come yet gives no reason, so the one before it is taken.
    /// </summary>
    /// <param name="log">What <c>exim4 -Mvl</c> prints.</param>
    /// <param name="recipient">The recipient.</param>
    /// <returns>The time, as Exim wrote it, and the reason; null when it was not tried yet.</returns>
    public static (string Time, string Reason)? Why(string log, string recipient)
    {
        (string, string)? found = null;
        foreach (var line in log.Split('\n'))
        {
            if (
                line.Length < 21
                || !line[20..].StartsWith(recipient, StringComparison.OrdinalIgnoreCase)
                || (line.Length > 20 + recipient.Length && line[20 + recipient.Length] is not (' ' or ':'))
            )
                continue;
            var rest = line[(20 + recipient.Length)..].Trim();
            if (found is not null && rest.Contains("retry time not reached", StringComparison.Ordinal))
                continue;
            found = (line[..19], Prefix().Replace(rest, "").TrimStart(':', ' '));
        }

        return found;
    }

    /// <summary>
    /// The header of a message from what <c>exim4 -Mvh</c> prints: behind an empty line, each field with its length and a flag in front.
    /// Fields that Exim has replaced (flag *) are left out.
    /// </summary>
    public static string HeaderOf(string spool)
    {
        var begin = spool.IndexOf("\n\n", StringComparison.Ordinal);
        if (begin < 0)
            return "";
        var kept = new List<string>();
        var isKept = true;
        foreach (var line in spool[(begin + 2)..].Split('\n'))
        {
            if (Field().Match(line) is { Success: true } field)
                isKept = field.Groups["flag"].Value != "*";
            if (isKept)
                kept.Add(Field().Replace(line, ""));
        }

        return string.Join('\n', kept).TrimEnd();
    }

    /// <summary>The message as JSON.</summary>
    /// <param name="now">The time, for its age.</param>
    public JsonObject AsJson(DateTimeOffset now) =>
        new()
        {
            ["id"] = Id,
            ["received"] = Received.ToString("O"),
            ["age_seconds"] = (long)Math.Max(0, (now - Received).TotalSeconds),
            ["size"] = Size,
            ["sender"] = Sender,
            ["on_hold"] = IsFrozen,
            ["waiting"] = new JsonArray([.. Waiting.Select(r => (JsonNode)r)]),
            ["delivered"] = new JsonArray([.. Delivered.Select(r => (JsonNode)r)]),
        };

    [GeneratedRegex(
        @"^ *\S+ +(?<size>\S+) (?<id>[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (?:<(?<sender>.*?)>)?(?: \(.*\))?(?: \*\*\* "
            + @"frozen \*\*\*)?\r?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Head();

    [GeneratedRegex(@"^ {7,9}(?<done>\+?D)? +(?<address>\S.*?)\r?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Address();

    [GeneratedRegex(@"^[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholeId();

    [GeneratedRegex("^[0-9]{3,}(?<flag>[A-Z* ]) ", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Field();

    // What Exim did to deliver it; the reason follows.
    [GeneratedRegex(@"^(?:<[^>]*> ?)?(?:R=\S+ )?(?:T=\S+ )?(?:defer \(-?[0-9]+\)(?::? ?))?", RegexOptions.CultureInvariant)]
    private static partial Regex Prefix();
}

/// <summary>Which messages of the queue are meant.</summary>
/// <param name="Ids">Their ids; none for all.</param>
/// <param name="Sender">A part of the sender.</param>
/// <param name="Recipient">A part of a recipient that it waits for.</param>
/// <param name="Domain">The domain of a recipient that it waits for.</param>
public sealed record QueueFilter(ImmutableArray<string> Ids, string? Sender = null, string? Recipient = null, string? Domain = null)
{
    /// <summary>Whether it chooses anything at all.</summary>
    public bool IsEmpty => Ids.IsEmpty && Sender is null && Recipient is null && Domain is null;

    /// <summary>Whether a message is meant.</summary>
    public bool Matches(QueuedMessage message) =>
        (Ids.IsEmpty || Ids.Contains(message.Id))
        && (Sender is null || message.Sender.Contains(Sender, StringComparison.OrdinalIgnoreCase))
        && (Recipient is null || message.Waiting.Any(r => r.Contains(Recipient, StringComparison.OrdinalIgnoreCase)))
        && (Domain is null || message.Waiting.Any(r => r.EndsWith($"@{Domain}", StringComparison.OrdinalIgnoreCase)));
}

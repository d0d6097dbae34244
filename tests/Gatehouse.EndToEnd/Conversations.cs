using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gatehouse.EndToEnd;

/// <summary>A message that a gateway took: its id there, and the recipients that it accepted.</summary>
public sealed record Taken(string Id, string Token, string Sender, string[] Recipients);

/// <summary>A conversation as its client saw it.</summary>
/// <param name="Role">What the client is to the gateway: stranger, relay or balancer.</param>
/// <param name="Number">Its number; with seed and role it can be had again.</param>
/// <param name="Taken">What the gateway took in it.</param>
/// <param name="Said">All that was said.</param>
/// <param name="Failed">Why it could not be had.</param>
public sealed record Conversation(string Role, int Number, Taken[] Taken, string[] Said, string? Failed = null);

/// <summary>What became of the messages of conversations, by Exim's log and what reached the mail hosts; each thing that must not be is
/// named with its conversation.</summary>
/// <param name="log">The lines of Exim's main log, since before the first conversation.</param>
/// <param name="own">The domains that anybody may write to.</param>
/// <param name="trusted">The addresses that may write to everybody.</param>
public sealed partial class ConversationJudge(string[] log, string[] own, string[] trusted)
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNameCaseInsensitive = true };
    private readonly ILookup<string, Match> lines = log.Select(l => Line().Match(l))
        .Where(m => m.Success)
        .ToLookup(m => m.Groups["id"].Value);

    /// <summary>The conversations that a client printed, one a line.</summary>
    public static Conversation[] Read(string printed) =>
        [.. printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<Conversation>(l, Names)!)];

    /// <summary>Whether the fate of each message that was taken is known.</summary>
    public bool IsSettled(IEnumerable<Conversation> conversations) =>
        conversations.SelectMany(c => c.Taken).All(t => Has(t.Id, "Completed") || Has(t.Id, "==") || Has(t.Id, "**"));

    /// <summary>Everything that must not be.</summary>
    public IEnumerable<string> Faults(IReadOnlyCollection<Conversation> conversations, string delivered, string scanned)
    {
        foreach (var conversation in conversations)
        {
            if (conversation.Failed is not null)
                yield return Told($"could not be had: {conversation.Failed}", conversation);
            foreach (var fault in conversation.Taken.Select(Fate).OfType<string>())
                yield return Told(fault, conversation);
        }

        var origin = conversations.SelectMany(c => c.Taken.Select(t => (t.Id, c))).ToLookup(p => p.Id, p => p.c);
        foreach (var message in lines)
        {
            if (message.FirstOrDefault(m => m.Groups["what"].Value == "<=") is not { } arrival)
                continue;
            foreach (var fault in Of(arrival.Groups["rest"].Value, message))
            {
                var of = Returned().Match(arrival.Groups["rest"].Value) is { Success: true } r ? r.Groups["id"].Value : message.Key;
                yield return Told($"{fault} ({of})", origin[of].FirstOrDefault());
            }
        }

        foreach (var head in Mailbox().Split(delivered).Skip(1).Select(m => m.Split("\n\n")[0]))
        {
            var headers = Regex.Count(head, $"(?mi)^{Regex.Escape(scanned)}:");
            // Networks that may relay may bring headers of gateways of their own along. A bounce is a fault of its own.
            if (headers > 1 && trusted.Any(t => head.Contains($"[{t}]", StringComparison.Ordinal)))
                continue;
            if (headers != 1 && !head.Contains("\nX-Failed-Recipients:", StringComparison.Ordinal))
                yield return $"a message was delivered with {headers} headers {scanned}:\n{head}";
        }
    }

    // What was accepted is delivered, kept, or still to be delivered with a reason in the log.
    private string? Fate(Taken taken)
    {
        if (!lines.Contains(taken.Id))
            return $"{taken.Id} was accepted and is not in the log";
        if (!Has(taken.Id, "<="))
            return $"{taken.Id} was accepted, and the log does not say from whom";
        if (Has(taken.Id, "**") || Has(taken.Id, "=="))
            return null;
        if (!Has(taken.Id, "Completed"))
            return $"{taken.Id} was accepted and is nowhere";
        return Has(taken.Id, "=>") ? null : $"{taken.Id} was accepted and is lost";
    }

    private IEnumerable<string> Of(string arrival, IEnumerable<Match> message)
    {
        var client = Client().Match(arrival).Groups["address"].Value;
        if (arrival.StartsWith(" <> R=", StringComparison.Ordinal))
            yield return $"bounced:{Because(Returned().Match(arrival).Groups["id"].Value)}";
        if (Hidden().IsMatch(arrival))
            yield return $"a message inside another was taken:{arrival}";
        if (client.Length == 0 || trusted.Contains(client))
            yield break;
        foreach (var delivery in message.Where(m => m.Groups["what"].Value is "=>" or "->"))
        {
            var domain = Recipient().Match(delivery.Groups["rest"].Value).Groups["domain"].Value;
            if (!own.Contains(domain, StringComparer.OrdinalIgnoreCase))
                yield return $"relayed for {client}:{delivery.Groups["rest"].Value}";
        }
    }

    private string Because(string id) =>
        string.Concat(lines[id].Where(m => m.Groups["what"].Value == "**").Select(m => m.Groups["rest"].Value).Take(1));

    private bool Has(string id, string what) => lines[id].Any(m => m.Groups["what"].Value == what);

    private static string Told(string fault, Conversation? conversation) =>
        conversation is null
            ? fault
            : $"{conversation.Role} {conversation.Number}: {fault}\n    {string.Join("\n    ", conversation.Said)}";

    // 6-6-2 until Exim 4.96, 6-11-4 from 4.97 on.
    [GeneratedRegex(@"^\S+ \S+ (?<id>\w{6}-\w{6}-\w{2}|\w{6}-\w{11}-\w{4}) (?<what><=|=>|->|\*\*|==|Completed)(?<rest>.*)$")]
    private static partial Regex Line();

    // What it says of itself comes first and may be an address in brackets too.
    [GeneratedRegex(@" H=(?:[^ (\[]+ )?(?:\([^)]*\) )?\[(?<address>[0-9a-fA-F.:]+)\]")]
    private static partial Regex Client();

    [GeneratedRegex(@"^ <> R=(?<id>\S+)")]
    private static partial Regex Returned();

    [GeneratedRegex("^ (?:smuggled|injected|early)@")]
    private static partial Regex Hidden();

    // "address" or "local part <address>"; a local part in quotes can hold anything.
    [GeneratedRegex(@"^ .*?@(?<domain>[A-Za-z0-9.-]+)>? (?:\S|$)")]
    private static partial Regex Recipient();

    [GeneratedRegex("(?m)^From ")]
    private static partial Regex Mailbox();
}

using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Queue;
using Gatehouse.Core.Status;
using Gatehouse.Queue;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse queue</c></summary>
internal static class QueueCommand
{
    private const int MostShown = 200;
    private static readonly Option<string?> Sender = new("--sender")
    {
        Description = "Only messages whose sender contains TEXT.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Recipient = new("--recipient")
    {
        Description = "Only messages that wait for a recipient that contains TEXT.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Domain = new("--domain")
    {
        Description = "Only messages that wait for a recipient in DOMAIN.",
        HelpName = "DOMAIN",
    };
    private static readonly Option<bool> All = new("--all") { Description = "Every message in the queue." };
    private static readonly Option<bool> Body = new("--body") { Description = "Also show the beginning of the body." };
    private static readonly Argument<string> Id = new("ID") { Description = "The message, as shown in the list." };
    private static readonly Argument<string[]> Ids = new("ID")
    {
        Description = "The messages, as shown in the list.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create()
    {
        var list = new Command("list", "Lists the waiting messages, oldest first.\n\nExample: gatehouse queue list --domain example.org")
        {
            Sender,
            Recipient,
            Domain,
        };
        list.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ListAsync(parse, ct)));
        var show = new Command("show", "Shows the envelope, the header and the log of a message.") { Id, Body };
        show.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ShowAsync(parse, ct)));
        var why = new Command(
            "why",
            "Shows why messages wait: the last error of each recipient.\n\nExample: gatehouse queue why --domain example.org"
        )
        {
            Ids,
            Sender,
            Recipient,
            Domain,
        };
        why.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => WhyAsync(parse, ct)));
        return new Command(
            "queue",
            "Shows the mail that waits for delivery on this host and why, retries it, puts it on hold or removes it."
        )
        {
            list,
            show,
            why,
            Act(
                "retry",
                "Delivers messages now, regardless of their retry times, including those on hold.\n\nExample: gatehouse "
                    + "queue retry --domain example.org",
                RetryAsync
            ),
            Act(
                "hold",
                "Puts messages on hold: Exim does not try to deliver them until they are released. After 7 days on hold, it returns them "
                    + "to their senders.",
                (q, m, ct) => OneAsync(q, "-Mf", "on hold", m, ct)
            ),
            Act(
                "release",
                "Ends the hold; Exim delivers the messages at its next queue run.",
                (q, m, ct) => OneAsync(q, "-Mt", "released; Exim delivers it at its next queue run", m, ct)
            ),
            Act(
                "remove",
                "Removes messages from the queue without notifying sender or recipient.\n\nExample: gatehouse queue remove "
                    + "--sender newsletter@example.net",
                (q, m, ct) => OneAsync(q, "-Mrm", "removed", m, ct)
            ),
        };
    }

    private static Command Act(
        string name,
        string description,
        Func<EximQueue, QueuedMessage, CancellationToken, Task<(bool Done, string Words)>> act
    )
    {
        var command = new Command(name, description) { Ids, Sender, Recipient, Domain, All };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => EachAsync(parse, name, act, ct)));
        return command;
    }

    private static async Task<int> ListAsync(ParseResult parse, CancellationToken ct)
    {
        var now = TimeProvider.System.GetUtcNow();
        var messages = (await Open(parse).ReadAsync(ct)).Where(Filter(parse, []).Matches).ToArray();
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                QuarantineJson.Text(new JsonObject { ["messages"] = new JsonArray([.. messages.Select(m => (JsonNode)m.AsJson(now))]) })
            );
            return ExitCodes.Done;
        }

        if (messages.Length == 0)
        {
            Console.Out.WriteLine("No messages.");
            return ExitCodes.Done;
        }

        string[][] rows =
        [
            ["ID", "AGE", "SIZE", "FROM", "WAITS FOR", ""],
            .. messages
                .Take(MostShown)
                .Select(m =>
                    new[] { m.Id, GatewayStatus.Span(now - m.Received), m.Size, From(m), Names(m.Waiting), m.IsFrozen ? "on hold" : "" }
                ),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows)
            Console.Out.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
        if (messages.Length > MostShown)
            Console.Error.WriteLine(
                $"note: {messages.Length - MostShown} more; narrow the list with --sender, --recipient and --domain, or use "
                    + "--json to show all."
            );
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(ParseResult parse, CancellationToken ct)
    {
        var queue = Open(parse);
        var message = (await ChosenAsync(queue, new QueueFilter([Known(parse.GetValue(Id)!)]), ct))[0];
        var header = await queue.HeaderAsync(message.Id, ct);
        var log = await queue.LogAsync(message.Id, ct);
        var body = parse.GetValue(Body) ? await queue.BodyAsync(message.Id, ct) : "";
        if (parse.GetValue(GlobalOptions.Json))
        {
            var json = message.AsJson(TimeProvider.System.GetUtcNow());
            json["header"] = QueuedMessage.HeaderOf(header);
            json["log"] = log;
            if (parse.GetValue(Body))
                json["body"] = body;
            Console.Out.WriteLine(QuarantineJson.Text(json));
            return ExitCodes.Done;
        }

        Console.Out.WriteLine($"Message:   {message.Id}{(message.IsFrozen ? ", on hold" : "")}");
        Console.Out.WriteLine($"Received:  {message.Received.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {message.Size}");
        Console.Out.WriteLine($"Sender:    {From(message, 500)}");
        foreach (var recipient in message.Waiting)
            Console.Out.WriteLine($"Waits for: {StrangerText.Of(recipient)}");
        foreach (var recipient in message.Delivered)
            Console.Out.WriteLine($"Delivered: {StrangerText.Of(recipient)}");
        Part("Log", log, 100);
        Part("Header", QueuedMessage.HeaderOf(header), 200);
        if (parse.GetValue(Body))
            Part("Body", body, 200);
        return ExitCodes.Done;

        static void Part(string name, string text, int most)
        {
            var lines = text.Split('\n').Select(l => l.TrimEnd('\r')).SkipWhile(l => l.Length == 0).ToArray();
            Console.Out.WriteLine($"\n{name}:");
            foreach (var line in lines.Take(most))
                Console.Out.WriteLine($"  {StrangerText.Of(line, 1000)}".TrimEnd());
            if (lines.Length > most)
                Console.Out.WriteLine($"  ({lines.Length - most} more lines)");
        }
    }

    private static async Task<int> WhyAsync(ParseResult parse, CancellationToken ct)
    {
        var queue = Open(parse);
        var messages = await ChosenAsync(queue, Filter(parse, parse.GetValue(Ids) ?? []), ct);
        var results = new JsonArray();
        foreach (var message in messages.Take(MostShown))
        {
            var log = await queue.LogAsync(message.Id, ct);
            var reasons = message.Waiting.Select(r => (Recipient: r, Why: QueuedMessage.Why(log, r))).ToArray();
            var json = message.AsJson(TimeProvider.System.GetUtcNow());
            json["reasons"] = new JsonArray([
                .. reasons.Select(r =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["recipient"] = r.Recipient,
                            ["last_try"] = r.Why?.Time,
                            ["error"] = r.Why?.Reason,
                        }
                ),
            ]);
            results.Add(json);
            if (parse.GetValue(GlobalOptions.Json))
                continue;
            Console.Out.WriteLine(
                $"{message.Id}  {GatewayStatus.Span(TimeProvider.System.GetUtcNow() - message.Received)}  "
                    + $"{From(message)}{(message.IsFrozen ? "  on hold" : "")}"
            );
            foreach (var (recipient, reason) in reasons)
                Console.Out.WriteLine(
                    $"  {StrangerText.Of(recipient, 100)}: "
                        + $"{(reason is { } told ? $"{StrangerText.Of(told.Reason, 500)} (last try {told.Time})" : "not tried yet")}"
                );
        }

        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(QuarantineJson.Text(new JsonObject { ["messages"] = results }));
        else if (messages.IsEmpty)
            Console.Out.WriteLine("No messages.");
        if (messages.Length > MostShown)
            Console.Error.WriteLine($"note: {messages.Length - MostShown} more; narrow the list with --sender, --recipient and --domain.");
        return ExitCodes.Done;
    }

    private static async Task<int> EachAsync(
        ParseResult parse,
        string name,
        Func<EximQueue, QueuedMessage, CancellationToken, Task<(bool Done, string Words)>> act,
        CancellationToken ct
    )
    {
        var filter = Filter(parse, parse.GetValue(Ids) ?? []);
        if (filter.IsEmpty != parse.GetValue(All))
            throw new SequenceException(
                ExitCodes.BadInput,
                filter.IsEmpty
                    ? "no messages were selected; give their ids, or use --sender, --recipient, --domain or --all."
                    : "--all selects every message; it cannot be combined with ids or with --sender, --recipient or --domain."
            );
        var queue = Open(parse);
        var messages = await ChosenAsync(queue, filter, ct);
        if (name == "remove" && !messages.IsEmpty)
            Confirm(parse, messages);
        var results = new JsonArray();
        var code = ExitCodes.Done;
        foreach (var message in messages)
        {
            var (done, words) = await act(queue, message, ct);
            results.Add(
                new JsonObject
                {
                    ["id"] = message.Id,
                    ["done"] = done,
                    ["message"] = words,
                }
            );
            if (!done)
                code = ExitCodes.Failed;
            if (!parse.GetValue(GlobalOptions.Json))
                (done ? Console.Out : Console.Error).WriteLine($"{message.Id}: {StrangerText.Of(words, 1000)}");
        }

        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(QuarantineJson.Text(new JsonObject { ["results"] = results }));
        else if (messages.IsEmpty)
            Console.Out.WriteLine("No messages.");
        return code;
    }

    private static void Confirm(ParseResult parse, ImmutableArray<QueuedMessage> messages)
    {
        if (parse.GetValue(GlobalOptions.Yes))
            return;
        foreach (var message in messages.Take(10))
            Console.Error.WriteLine($"  {message.Id}  {From(message)} -> {Names(message.Waiting)}");
        if (messages.Length > 10)
            Console.Error.WriteLine($"  and {messages.Length - 10} more");
        Consent.Yes(
            parse,
            $"{(messages.Length == 1 ? "This message is" : $"These {messages.Length} messages are")} about to be removed "
                + "permanently; neither sender nor recipient is notified."
        );
    }

    private static async Task<(bool Done, string Words)> OneAsync(
        EximQueue queue,
        string option,
        string words,
        QueuedMessage message,
        CancellationToken ct
    )
    {
        var result = await queue.ActAsync(option, message.Id, ct);
        // For a message that another process delivers right now, Exim exits with 0 or 1, and says so.
        var refused =
            !result.Succeeded
            || result.All.Contains("is locked", StringComparison.Ordinal)
            || result.All.Contains("spool file not found", StringComparison.OrdinalIgnoreCase);
        return refused ? (false, $"not done: {result.All.Replace('\n', ' ').Trim()}") : (true, $"{words}.");
    }

    private static async Task<(bool Done, string Words)> RetryAsync(EximQueue queue, QueuedMessage message, CancellationToken ct)
    {
        var result = await queue.DeliverAsync(message.Id, ct);
        if ((await queue.ReadAsync(ct)).FirstOrDefault(m => m.Id == message.Id) is not { Waiting: [_, ..] waiting } left)
            return (true, "it is no longer in the queue; 'gatehouse logs --id' shows what happened to it.");
        if (result.All.Contains("is locked", StringComparison.Ordinal))
            return (false, "it is being delivered right now.");
        var log = await queue.LogAsync(message.Id, ct);
        var reasons = string.Join(' ', waiting.Take(3).Select(r => $"{r}: {QueuedMessage.Why(log, r)?.Reason ?? "not tried"}."));
        var more = waiting.Length > 3 ? string.Create(CultureInfo.InvariantCulture, $" And {waiting.Length - 3} more recipients.") : "";
        return (false, $"it is still waiting{(left.IsFrozen ? " on hold" : "")}. {reasons}{more}");
    }

    private static async Task<ImmutableArray<QueuedMessage>> ChosenAsync(EximQueue queue, QueueFilter filter, CancellationToken ct)
    {
        ImmutableArray<QueuedMessage> found = [.. (await queue.ReadAsync(ct)).Where(filter.Matches)];
        foreach (var id in filter.Ids)
            if (found.All(m => m.Id != id))
                throw new SequenceException(
                    ExitCodes.Failed,
                    $"{id} is not in the queue. 'gatehouse logs --id {id}' shows what happened to it."
                );
        return found;
    }

    private static QueueFilter Filter(ParseResult parse, string[] ids) =>
        new(
            [.. ids.Select(Known).Distinct(StringComparer.Ordinal)],
            parse.GetValue(Sender),
            parse.GetValue(Recipient),
            parse.GetValue(Domain)
        );

    private static string Known(string id) =>
        QueuedMessage.IsId(id)
            ? id
            : throw new SequenceException(
                ExitCodes.BadInput,
                $"'{StrangerText.Of(id, 60)}' is not a message id; 'gatehouse queue list' shows the ids, such as 1xUsvq-00009Z-5e."
            );

    private static EximQueue Open(ParseResult parse)
    {
        var machine = GlobalOptions.Machine(parse);
        return machine.IsLive
            ? new EximQueue(machine)
            : throw new SequenceException(ExitCodes.BadInput, "a tree has no mail queue; run this on the host itself.");
    }

    private static string From(QueuedMessage message, int most = 40) =>
        message.Sender.Length == 0 ? "<>" : StrangerText.Of(message.Sender, most);

    private static string Names(ImmutableArray<string> recipients) =>
        recipients.IsEmpty
            ? "-"
            : StrangerText.Of(recipients[0], 50)
                + (recipients.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $" +{recipients.Length - 1}") : "");
}

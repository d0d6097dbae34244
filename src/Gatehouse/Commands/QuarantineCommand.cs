using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse quarantine</c></summary>
internal static class QuarantineCommand
{
    private static readonly Option<string?> Sender = new("--sender")
    {
        Description = "Only messages whose sender contains TEXT.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Recipient = new("--recipient")
    {
        Description = "Only messages with a recipient that contains TEXT.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Reason = new("--reason")
    {
        Description = "Only messages whose reason contains TEXT: virus, spam, high-spam, the name of a virus.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Since = new("--since")
    {
        Description = "Only messages received since TIME: 2026-08-01, 2026-08-01T12:00, or a span such as 90m, 12h, 7d.",
        HelpName = "TIME",
    };
    private static readonly Option<int> Most = new("--most")
    {
        Description = "Show at most the newest N messages.",
        HelpName = "N",
        DefaultValueFactory = _ => 200,
    };
    private static readonly Option<bool> Local = new("--local")
    {
        Description = "Only the messages on this host; do not query the other nodes.",
    };
    private static readonly Argument<string> Id = new("ID")
    {
        Description = "The message, NODE/MESSAGE as shown in the list; without a cluster, MESSAGE is enough.",
    };
    private static readonly Argument<string[]> Ids = new("ID")
    {
        Description = "The messages, NODE/MESSAGE as shown in the list; without a cluster, MESSAGE is enough.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Argument<string> Kind = new("KIND") { Description = "What to learn the messages as: ham or spam." };
    private static readonly Option<string[]> To = new("--to")
    {
        Description = "Deliver to ADDRESS instead of the recipients; may be given several times.",
        HelpName = "ADDRESS",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<bool> Again = new("--again")
    {
        Description = "Release a message again even if it was, or may have been, released before.",
    };
    private static readonly Option<bool> Body = new("--body") { Description = "Also show the beginning of the text, as it was sent." };
    private static readonly Option<string?> Save = new("--save")
    {
        Description = "Write the whole message to FILE, which only you can read. It may contain a virus.",
        HelpName = "FILE",
    };
    private static readonly Argument<string> Step = new("STEP");

    public static Command Create()
    {
        Kind.AcceptOnlyFromAmong("ham", "spam");
        Step.AcceptOnlyFromAmong("begin", "end");
        var list = new Command(
            "list",
            "Lists messages, newest first.\n\nExample: gatehouse quarantine list --since 12h --recipient alice@example.org"
        )
        {
            Sender,
            Recipient,
            Reason,
            Since,
            Most,
            Local,
        };
        list.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ListAsync(parse, ct)));
        var show = new Command(
            "show",
            "Shows the header of a message, why it was quarantined, and what was done with it.\n\nExample: gatehouse "
                + "quarantine show 1/1xUsvq-00009Z-5e --body"
        )
        {
            Id,
            Body,
            Save,
        };
        show.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ShowAsync(parse, ct)));
        var release = new Command(
            "release",
            "Releases messages: delivers them without another scan. If several members try, only one delivers.\n\nExample: "
                + "gatehouse quarantine release 3/1xUsvq-00009Z-5e --to bob@example.org"
        )
        {
            Ids,
            To,
            Again,
        };
        release.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => EachAsync(parse, "release", ct)));
        var learn = new Command(
            "learn",
            "Trains the scanner with messages as ham or spam.\n\nExample: gatehouse quarantine learn ham 3/1xUsvq-00009Z-5e"
        )
        {
            Kind,
            Ids,
        };
        learn.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => EachAsync(parse, $"learn-{parse.GetValue(Kind)}", ct)));
        var delete = new Command("delete", "Deletes messages on all members.") { Ids };
        delete.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => EachAsync(parse, "delete", ct)));
        // For the unit that deletes old messages.
        var retention = new Command("retention", "Reports whether it is this node's turn to delete old messages.") { Step };
        retention.Hidden = true;
        retention.SetAction(
            (parse, ct) =>
                MemberCommand.RunAsync(
                    parse,
                    () => Retention.RunAsync(GlobalOptions.Machine(parse), parse.GetValue(Step) == "begin", Console.Error.WriteLine, ct)
                )
        );
        return new Command(
            "quarantine",
            "Shows, releases, learns or deletes quarantined messages. Works on any member of a cluster, for the messages of all nodes."
        )
        {
            list,
            show,
            release,
            learn,
            delete,
            retention,
        };
    }

    private static async Task<int> ListAsync(ParseResult parse, CancellationToken ct)
    {
        if (!TimeText.TryRead(parse.GetValue(Since), TimeProvider.System.GetUtcNow(), out var since))
            throw new SequenceException(
                ExitCodes.BadInput,
                "--since needs a time such as 2026-08-01 or 2026-08-01T12:00 (UTC), or a span such as 90m, 12h or 7d."
            );
        if (parse.GetValue(Most) is not (>= 1 and <= 100_000))
            throw new SequenceException(ExitCodes.BadInput, "--most must be 1 to 100,000.");
        await using var desk = new QuarantineDesk(GlobalOptions.Machine(parse));
        var request = new QuarantineRequest
        {
            Action = "list",
            Most = parse.GetValue(Most),
            Filter = new QuarantineFilter(parse.GetValue(Sender), parse.GetValue(Recipient), parse.GetValue(Reason), since),
        };
        var list = await desk.ListAsync(request, parse.GetValue(Local), ct);
        var claims = (list.Claims ?? []).ToDictionary(c => c.Message, StringComparer.Ordinal);
        var states = list.States.ToDictionary(s => s.Id, StringComparer.Ordinal);
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                QuarantineJson.Text(
                    new JsonObject
                    {
                        ["messages"] = new JsonArray([
                            .. list.Messages.Select(m =>
                                (JsonNode)
                                    QuarantineJson.Of(
                                        m,
                                        claims.GetValueOrDefault(m.Id.ToString()),
                                        states.GetValueOrDefault(m.Id.ToString())
                                    )
                            ),
                        ]),
                        ["more"] = list.More,
                        ["missing"] = new JsonArray([.. list.Missing.Select(m => (JsonNode)m)]),
                    }
                )
            );
        else
            Table(list.Messages, claims, states);
        foreach (var missing in list.Missing)
            Console.Error.WriteLine($"note: not in this list: {missing}");
        if (list.More && !parse.GetValue(GlobalOptions.Json))
            Console.Error.WriteLine(
                "note: there are more messages; raise --most, or narrow the list with --since, --sender, --recipient and --reason."
            );
        return list.Missing.IsEmpty ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Table(
        ImmutableArray<QuarantinedMessage> messages,
        Dictionary<string, MessageClaim> claims,
        Dictionary<string, MessageState> states
    )
    {
        if (messages.IsEmpty)
        {
            Console.Out.WriteLine("No messages.");
            return;
        }

        string[][] rows =
        [
            ["ID", "RECEIVED (UTC)", "WHY", "FROM", "TO", "SUBJECT", ""],
            .. messages.Select(m =>
                new[]
                {
                    m.Id.ToString(),
                    m.Received.UtcDateTime.ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                    StrangerText.Of(m.Verdict == "virus" ? m.Reason : $"{m.Verdict} {m.Score}", 30),
                    m.Sender.Length == 0 ? "<>" : StrangerText.Of(m.Sender, 30),
                    StrangerText.Of(m.Recipients[0], 30)
                        + (m.Recipients.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $" +{m.Recipients.Length - 1}") : ""),
                    StrangerText.Of(m.Subject, 40),
                    State(claims.GetValueOrDefault(m.Id.ToString()), states.GetValueOrDefault(m.Id.ToString())),
                }
            ),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows)
            Console.Out.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    }

    private static string State(MessageClaim? claim, MessageState? state) =>
        claim switch
        {
            null => state is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{state.Words}, {state.At.UtcDateTime:MM-dd HH:mm}"),
            { Done: true, Action: "release" } => $"released by {claim.NodeName}",
            { Done: true } => $"deleted by {claim.NodeName}",
            { Overdue: true } => $"{claim.NodeName} began to {claim.Action} it",
            _ => $"{claim.NodeName}: {claim.Action}",
        };

    private static async Task<int> ShowAsync(ParseResult parse, CancellationToken ct)
    {
        await using var desk = new QuarantineDesk(GlobalOptions.Machine(parse));
        if (parse.GetValue(Save) is { } file)
            return SaveTo(desk, parse.GetValue(Id)!, file);
        var answer = await desk.RunAsync(
            new QuarantineRequest
            {
                Action = "show",
                Id = parse.GetValue(Id)!,
                Body = parse.GetValue(Body),
            },
            ct
        );
        if (!answer.Done || answer.Messages.IsEmpty)
            throw new SequenceException(answer.Refused ? ExitCodes.Refused : ExitCodes.Failed, answer.Message);
        var message = answer.Messages[0];
        if (parse.GetValue(GlobalOptions.Json))
        {
            var json = QuarantineJson.Of(message, null, answer.States.FirstOrDefault());
            json["headers"] = new JsonArray([.. answer.Headers.Select(h => (JsonNode)h)]);
            json["parts"] = new JsonArray([.. answer.Parts.Select(p => (JsonNode)p)]);
            if (parse.GetValue(Body))
                json["body"] = new JsonArray([.. answer.Body.Select(l => (JsonNode)l)]);
            Console.Out.WriteLine(QuarantineJson.Text(json));
            return ExitCodes.Done;
        }

        (string, string)[] lines =
        [
            ("Message", message.Id.ToString()),
            (
                "Received",
                $"{message.Received.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {message.Size.ToString("N0", CultureInfo.InvariantCulture)} "
                    + $"bytes, from {message.Client} ({message.Helo})"
            ),
            ("Why", $"{message.Verdict}: {message.Reason}{(message.Verdict == "virus" ? "" : $" (score {message.Score})")}"),
            .. answer.States.Select(s => ("State", $"{s.Words} at {s.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")),
            ("Sender", message.Sender.Length == 0 ? "<> (a bounce)" : message.Sender),
            .. message.Recipients.Take(50).Select(r => ("Recipient", r)),
        ];
        foreach (var (name, value) in lines)
            Console.Out.WriteLine($"{name + ":", -11}{StrangerText.Of(value)}");
        foreach (var part in answer.Parts)
            Console.Out.WriteLine($"Part:      {StrangerText.Of(part, 300)}");
        if (message.Recipients.Length > 50)
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"           and {message.Recipients.Length - 50} more"));
        Console.Out.WriteLine();
        foreach (var header in answer.Headers)
            Console.Out.WriteLine($"  {StrangerText.Of(header, 2000)}");
        if (parse.GetValue(Body))
            Console.Out.WriteLine();
        foreach (var line in answer.Body)
            Console.Out.WriteLine($"  {StrangerText.Of(line, 1000)}".TrimEnd());
        return ExitCodes.Done;
    }

    private static int SaveTo(QuarantineDesk desk, string typed, string file)
    {
        if (!desk.TryParse(typed, out var id))
            throw new SequenceException(
                ExitCodes.BadInput,
                $"'{StrangerText.Of(typed, 60)}' is not a message id; 'gatehouse quarantine list' shows the ids."
            );
        try
        {
            using (
                var target = new FileStream(
                    file,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                )
            )
            {
                try
                {
                    desk.Save(id, target);
                }
                catch
                {
                    File.Delete(file);
                    throw;
                }
            }

            Console.Out.WriteLine($"{id} is in {file}.");
            return ExitCodes.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SequenceException(ExitCodes.Failed, $"the message cannot be saved: {e.Message}", e);
        }
    }

    // The release of a virus, and a deletion, cannot be taken back. On a terminal they are confirmed; a script knows what it asks for.
    private static async Task ConfirmAsync(ParseResult parse, QuarantineDesk desk, string[] ids, string action, CancellationToken ct)
    {
        if (parse.GetValue(GlobalOptions.Yes) || Console.IsInputRedirected)
            return;
        if (action == "delete")
            Consent.Yes(
                parse,
                ids.Length == 1
                    ? $"{StrangerText.Of(ids[0], 60)} will be permanently deleted."
                    : $"{ids.Length} messages will be permanently deleted."
            );
        if (action != "release")
            return;
        foreach (var id in ids)
        {
            var answer = await desk.RunAsync(new QuarantineRequest { Action = "show", Id = id }, ct);
            if (answer.Messages is not [{ Verdict: "virus" } message, ..])
                continue;
            var to = parse.GetValue(To) is { Length: > 0 } chosen ? chosen : [.. message.Recipients];
            Consent.Yes(
                parse,
                $"{message.Id} contains a virus ({StrangerText.Of(message.Reason, 100)}). It will be delivered unchanged to "
                    + $"{StrangerText.Of(string.Join(", ", to.Take(5)), 300)}."
            );
        }
    }

    private static async Task<int> EachAsync(ParseResult parse, string action, CancellationToken ct)
    {
        await using var desk = new QuarantineDesk(GlobalOptions.Machine(parse));
        var results = new JsonArray();
        var code = ExitCodes.Done;
        string[] ids = [.. (parse.GetValue(Ids) ?? []).Distinct(StringComparer.Ordinal)];
        await ConfirmAsync(parse, desk, ids, action, ct);
        foreach (var id in ids)
        {
            var answer = await desk.RunAsync(
                new QuarantineRequest
                {
                    Action = action,
                    Id = id,
                    By = Administrator.NameOrUser,
                    To = action == "release" ? [.. parse.GetValue(To) ?? []] : [],
                    Again = action == "release" && parse.GetValue(Again),
                },
                ct
            );
            results.Add(
                new JsonObject
                {
                    ["id"] = id,
                    ["done"] = answer.Done,
                    ["message"] = answer.Message,
                }
            );
            if (!parse.GetValue(GlobalOptions.Json) || !answer.Done)
                (answer.Done ? Console.Out : Console.Error).WriteLine(answer.Done ? answer.Message : $"gatehouse: {answer.Message}");
            if (!answer.Done && code != ExitCodes.Failed)
                code = answer.Refused ? ExitCodes.Refused : ExitCodes.Failed;
        }

        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(QuarantineJson.Text(new JsonObject { ["results"] = results }));
        return code;
    }
}

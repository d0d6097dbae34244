using System.Collections.Immutable;
using System.CommandLine;
using System.Threading.Channels;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Logs;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Trust;
using Gatehouse.Logs;
using Gatehouse.Machines;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse logs</c></summary>
internal static class LogsCommand
{
    private static readonly TimeSpan Usual = TimeSpan.FromHours(1);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Keep printing new lines until interrupted." };
    private static readonly Option<string?> Name = new("--subscriber")
    {
        Description =
            "Read as subscriber NAME: start after the line that NAME read last on this host, and save the position. A new "
            + "subscriber starts with the oldest lines.",
        HelpName = "NAME",
    };
    private static readonly Option<bool> Replay = new("--replay") { Description = "As a subscriber: start again with the oldest lines." };
    private static readonly Option<string?> From = new("--from")
    {
        Description = "As a subscriber: move back or forward to TIME.",
        HelpName = "TIME",
    };
    private static readonly Option<string?> Node = new("--node") { Description = "Only lines of node NAME.", HelpName = "NAME" };
    private static readonly Option<string?> Id = new("--id")
    {
        Description = "Only lines about one message, on all nodes: its id in the log or in the quarantine, or its Message-ID.",
        HelpName = "MESSAGE-ID",
    };
    private static readonly Option<string?> Since = new("--since")
    {
        Description =
            "Only lines since TIME: 2026-08-01, 2026-08-01T12:00, or a span such as 90m, 12h, 7d. The default is the last "
            + "hour, or all lines with --id, --sender or --recipient.",
        HelpName = "TIME",
    };
    private static readonly Option<string?> Until = new("--until") { Description = "Only lines until TIME.", HelpName = "TIME" };
    private static readonly Option<string?> Sender = new("--sender")
    {
        Description = "Only messages whose sender contains TEXT, with all their lines.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Recipient = new("--recipient")
    {
        Description = "Only messages with a recipient that contains TEXT, with all their lines.",
        HelpName = "TEXT",
    };
    private static readonly Option<bool> Summary = new("--summary")
    {
        Description = "With --id, --sender or --recipient: one line per message.",
    };
    private static readonly Option<int> Timeout = new("--timeout")
    {
        Description = "How long to wait for a silent node, in seconds.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 6,
    };
    private static readonly Argument<string> Directory = new("DIR");
    private static readonly Option<int> Days = new("--days") { DefaultValueFactory = _ => 0 };

    public static Command Create()
    {
        var command = new Command(
            "logs",
            "Shows the mail log of this gateway, or of all nodes of its cluster, in chronological order (UTC). Without "
                + "options, the last hour.\n"
                + """
                --sender and --recipient find messages by part of an address; --id follows one message, including its release from
                the quarantine, its bounces and its way through other nodes. In a cluster, exits 1 if a node does not answer.

                Example: gatehouse logs --recipient alice@example.org --since 12h --summary
                """
        )
        {
            Follow,
            Name,
            Replay,
            From,
            Node,
            Id,
            Sender,
            Recipient,
            Since,
            Until,
            Summary,
            Timeout,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        var collect = new Command("collect", "Collects the lines of all nodes in DIR; gatehouse-logs.service runs this.")
        {
            Directory,
            Days,
        };
        collect.Hidden = true;
        collect.SetAction(CollectAsync);
        command.Add(collect);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = new ClusterFiles(GlobalOptions.Machine(parse)).Node;
        var silence = parse.GetValue(Timeout) is >= 3 and <= 600 and var seconds
            ? TimeSpan.FromSeconds(seconds)
            : throw Bad("--timeout must be 3 to 600 seconds.");
        var (since, from) = (Time(parse, Since), Time(parse, From));
        var name = parse.GetValue(Name);
        if (name is not null && !Checkpoint.IsName(name))
            throw Bad("a subscriber name may contain only letters, digits and '.-_', at most 60 characters.");
        if (name is null && (from is not null || parse.GetValue(Replay)))
            throw Bad("--from and --replay need a subscriber; otherwise use --since.");
        if (from is not null && parse.GetValue(Replay))
            throw Bad("--replay starts with the oldest line, --from at a time; use only one of them.");
        var finds = parse.GetValue(Id) is not null || Filter(parse) is { HasAddress: true };
        if (name is not null && (since is not null || finds || parse.GetValue(Until) is not null))
            throw Bad(
                "a subscriber reads everything from its saved position; --since, --until, --id, --sender and --recipient cannot "
                    + "be used with it."
            );
        if (parse.GetValue(Id) is not null && Filter(parse) is { HasAddress: true })
            throw Bad("--id selects one message; it cannot be combined with --sender or --recipient.");
        if (parse.GetValue(Follow) && (finds || parse.GetValue(Until) is not null))
            throw Bad("--follow cannot be combined with --id, --sender, --recipient or --until.");
        if (parse.GetValue(Summary) && !finds)
            throw Bad("--summary needs --id, --sender or --recipient.");
        var members = LogMembers.Chosen(
            me is null ? [OwnJournal.Host(FactProbe.Gather(TimeProvider.System).HostName)] : await LogMembers.ReadAsync(me, ct),
            parse.GetValue(Node)
        );
        using var printer = new LinePrinter(parse.GetValue(GlobalOptions.Json));
        using var subscriber = name is null ? null : Subscriber.Open(name);
        if (subscriber is not null && (from is not null || parse.GetValue(Replay)))
            subscriber.Checkpoint = subscriber.Checkpoint.Anew(members.Select(m => m.Number), from);
        try
        {
            if (finds)
                return await FindAsync(members, parse, since, silence, printer, ct);
            var begin = subscriber is not null
                ? subscriber.Checkpoint.Since
                : since ?? DateTimeOffset.UtcNow - (parse.GetValue(Follow) ? TimeSpan.Zero : Usual);
            if (parse.GetValue(Follow))
                return await FollowAsync(members, begin, silence, printer, subscriber, ct);
            return await ListAsync(members, begin, Time(parse, Until), silence, printer, subscriber, ct);
        }
        catch (EndOfStreamException)
        {
            // Whoever read has seen enough; what he has not taken is not noted as read.
            return ExitCodes.Done;
        }
        catch (IOException e)
        {
            throw new SequenceException(ExitCodes.Failed, e.Message, e);
        }
    }

    private static async Task<int> ListAsync(
        ImmutableArray<ClusterNode> members,
        DateTimeOffset? begin,
        DateTimeOffset? until,
        TimeSpan silence,
        LinePrinter printer,
        Subscriber? subscriber,
        CancellationToken ct
    )
    {
        var search = new LogSearch(members, silence);
        var printed = subscriber?.Checkpoint;
        await foreach (
            var line in search.ReadAsync(
                node =>
                    subscriber?.Checkpoint.Of(node.Number) is { } cursor
                        ? new LogQuery { Cursor = cursor }
                        : new LogQuery { Since = begin },
                ct
            )
        )
        {
            // The lines come in the order of their times.
            if (line.Line.Time > until)
                break;
            printer.Add(line);
            printed = printed?.After(line.Node.Number, line.Line.Cursor);
            if (printer.IsFull)
                HandOver();
        }

        HandOver();
        foreach (var node in members.Where(m => search.Cut.Contains(m.Number)))
            Console.Error.WriteLine(Lost(node));
        return Tell(search);

        void HandOver()
        {
            printer.Flush();
            if (subscriber is null)
                return;
            subscriber.Checkpoint = printed!;
            subscriber.Save();
        }
    }

    private static async Task<int> FindAsync(
        ImmutableArray<ClusterNode> members,
        ParseResult parse,
        DateTimeOffset? since,
        TimeSpan silence,
        LinePrinter printer,
        CancellationToken ct
    )
    {
        var filter = Filter(parse);
        var typed = parse.GetValue(Id) is { } given ? MessageTrail.Typed(given) : null;
        if (typed is not null && !LogQuery.IsId(typed))
            throw Bad("--id needs a message id as shown in the log or the quarantine, or a Message-ID.");
        var search = new LogSearch(members, silence);
        var found = new Dictionary<(int, string), NodeLine>();
        ImmutableArray<string> ids = typed is null ? [] : [typed];
        if (filter.HasAddress)
        {
            await LookAsync(new LogQuery { Words = filter.Words, Since = since });
            (ids, var alone) = filter.Select(
                found.Values.Where(l => filter.Until is null || l.Line.Time <= filter.Until),
                l => l.Line.Text,
                l => l.Node.Number
            );
            found = alone.ToDictionary(l => (l.Node.Number, l.Line.Cursor));
        }

        // Its other ids: on each node it has one of its own, and so has what was released of it.
        var trail = new MessageSearch(ids);
        while (trail.Next() is { IsEmpty: false } next)
        {
            await LookAsync(new LogQuery { Ids = next, Since = typed is null ? null : since });
            foreach (var line in found.Values.OrderBy(f => f.Line.Time))
                trail.Take(line.Line.Text);
        }

        var lines = found
            .Values.Where(f => trail.IsPart(f.Line.Text) && (filter.Until is null || filter.HasAddress || f.Line.Time <= filter.Until))
            .OrderBy(f => f.Line.Time)
            .ThenBy(f => f.Node.Number)
            .ToArray();
        if (parse.GetValue(Summary))
            Summarise(lines, trail, printer, parse.GetValue(GlobalOptions.Json));
        else
            foreach (var line in lines)
            {
                printer.Add(line, sharesOnly: !trail.IsOwn(line.Line.Text));
                if (printer.IsFull)
                    printer.Flush();
            }

        printer.Flush();
        if (trail.IsCut)
            Console.Error.WriteLine(
                "note: more messages match than are shown; narrow the search with --since, --until, --sender or --recipient."
            );
        if (lines.Any(l => !trail.IsOwn(l.Line.Text)))
            Console.Error.WriteLine("note: lines marked ~ only share the Message-ID, which the sender of a message can choose freely.");
        if (lines.Length == 0)
        {
            var what = typed is null ? "such a message" : StrangerText.Of(typed, 250);
            var nodes = search.Missing.Count == 0 ? " on any node" : " on the nodes that answer";
            Console.Error.WriteLine($"gatehouse: no line about {what}{(OwnJournal.IsOwn(members[0]) ? "" : nodes)}.");
        }

        return Tell(search) is ExitCodes.Done && lines.Length > 0 ? ExitCodes.Done : ExitCodes.Failed;

        async Task LookAsync(LogQuery query)
        {
            search = new LogSearch(members, silence);
            await foreach (var line in search.ReadAsync(_ => query, ct))
                found.TryAdd((line.Node.Number, line.Line.Cursor), line);
            foreach (var line in await search.CollectedAsync(query, ct))
                found.TryAdd((line.Node.Number, line.Line.Cursor), line);
        }
    }

    private static MailFilter Filter(ParseResult parse)
    {
        var filter = new MailFilter(parse.GetValue(Sender), parse.GetValue(Recipient), Time(parse, Until));
        if (filter.Words.Any(w => !MailFilter.IsWord(w)))
            throw Bad("--sender and --recipient need part of an address.");
        return filter;
    }

    private static void Summarise(NodeLine[] lines, MessageSearch trail, LinePrinter printer, bool isJson)
    {
        var messages = lines
            .Where(l => MessageTrail.IdOf(l.Line.Text) is not null)
            .GroupBy(l => (l.Node.Number, Id: MessageTrail.IdOf(l.Line.Text)!));
        foreach (var message in messages.OrderBy(m => m.First().Line.Time))
        {
            var summary = MessageSummary.Of(message.Key.Id, message.First().Node.Name, message.Select(m => m.Line));
            var sharesOnly = !trail.IsOwn(message.First().Line.Text);
            printer.Add(isJson ? summary.AsJson(sharesOnly) : (sharesOnly ? "~ " : "") + summary.AsText());
        }
    }

    private static async Task<int> FollowAsync(
        ImmutableArray<ClusterNode> members,
        DateTimeOffset? begin,
        TimeSpan silence,
        LinePrinter printer,
        Subscriber? subscriber,
        CancellationToken ct
    )
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var lines = Channel.CreateBounded<NodeLine>(new BoundedChannelOptions(2000) { SingleReader = true });
        var readers = members
            .Select(node =>
                Task.Run(
                    () =>
                    {
                        var last = subscriber?.Checkpoint.Of(node.Number);
                        return new NodeLog(node, silence).FollowAsync(
                            () => last,
                            begin,
                            async (line, _) =>
                            {
                                await lines.Writer.WriteAsync(new NodeLine(node, line), end.Token);
                                last = line.Cursor;
                            },
                            () => Console.Error.WriteLine(Lost(node)),
                            trouble =>
                                Console.Error.WriteLine(
                                    trouble.Length == 0
                                        ? $"note: {node.Name} is sending lines again."
                                        : $"note: the lines of {node.Name} are delayed: {trouble}"
                                ),
                            end.Token
                        );
                    },
                    CancellationToken.None
                )
            )
            .ToArray();
        var printed = subscriber?.Checkpoint;
        try
        {
            while (await lines.Reader.WaitToReadAsync(ct))
            {
                while (!printer.IsFull && lines.Reader.TryRead(out var line))
                {
                    printer.Add(line);
                    printed = printed?.After(line.Node.Number, line.Line.Cursor);
                }

                printer.Flush();
                if (subscriber is not null)
                {
                    subscriber.Checkpoint = printed!;
                    subscriber.Save();
                    // A checkpoint is a write to the disk; one for many lines.
                    await Task.Delay(Rest, ct);
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(readers).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        return ExitCodes.Done;
    }

    private static async Task<int> CollectAsync(ParseResult parse, CancellationToken ct)
    {
        try
        {
            await new Collector(parse.GetValue(Directory)!, parse.GetValue(Days), TimeProvider.System, Console.Error.WriteLine).RunAsync(
                ct
            );
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
        catch (Exception e)
            when (e
                    is SequenceException
                        or TrustException
                        or AgentException
                        or IOException
                        or UnauthorizedAccessException
                        or InvalidDataException
            )
        {
            Console.Error.WriteLine($"gatehouse: {e.Message}");
            return e is SequenceException sequence ? sequence.Code : ExitCodes.Failed;
        }

        return ExitCodes.Done;
    }

    private static int Tell(LogSearch search)
    {
        foreach (var problem in search.Missing.Values)
            Console.Error.WriteLine($"note: some lines are missing: {problem}");
        return search.Missing.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Lost(ClusterNode node) =>
        $"note: lines of {node.Name} are lost: its journal no longer contains the line that was read last.";

    private static DateTimeOffset? Time(ParseResult parse, Option<string?> option) =>
        TimeText.TryRead(parse.GetValue(option), TimeProvider.System.GetUtcNow(), out var time)
            ? time
            : throw Bad($"{option.Name} needs a time such as 2026-08-01 or 2026-08-01T12:00 (UTC), or a span such as 90m, 12h or 7d.");

    private static SequenceException Bad(string message) => new(ExitCodes.BadInput, message);
}

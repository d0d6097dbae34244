using System.Collections.Immutable;
using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Core.Yaml;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse join</c></summary>
internal static class JoinCommand
{
    private static readonly Argument<string?> Member = new("ADDRESS")
    {
        Description = "The name or address of a member, with :PORT if its agent does not use port 1028.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Argument<string?> Code = new("CODE")
    {
        Description = "The code that 'gatehouse invite' printed; without it, Gatehouse asks for it or reads it from standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> Bundle = new("--bundle")
    {
        Description = "Read code, CA and addresses from FILE, made by 'gatehouse invite --bundle'; leave out ADDRESS and CODE.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Name = new("--name")
    {
        Description = "A new fully qualified name for this host; a host without one uses the name in the code.",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Address = new("--address")
    {
        Description = "The address at which the other nodes reach this host; by default, the one from which this host reaches the member.",
        HelpName = "ADDRESS",
    };
    private static readonly Option<string?> Location = new("--location")
    {
        Description = "Where the host is, in a few words.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> Answers = new("--answers")
    {
        Description = "An answer file with settings of this host that differ from the cluster's.",
        HelpName = "FILE",
    };
    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Only check whether joining would succeed; change nothing.",
    };

    public static Command Create()
    {
        var command = new Command(
            "join",
            "Makes this host a member of a cluster: obtains its certificate with a join code and configures the host\nwith "
                + "the cluster's settings. If it is interrupted, run it again to continue; ADDRESS and CODE may then be "
                + "omitted.\n\nExample: gatehouse join 192.0.2.10 1A2B3-..."
        )
        {
            Member,
            Code,
            Bundle,
            Name,
            Address,
            Location,
            Answers,
            Check,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        var facts = FactProbe.Gather(TimeProvider.System);
        var log = new ConsoleLog(parse);
        var sequence = new JoinSequence(machine, TimeProvider.System, log);
        Refuse(machine, facts, sequence);
        if (Ticket(parse, sequence) is not { } ticket)
            return await GoOnAsync(machine, sequence, log, ct);
        var host = Host(parse, ticket, machine, facts);
        var code = ticket.Code;

        log.Note("Identifying the cluster");
        var (trust, issuer, introduction) = await sequence.MeetAsync(ticket.Members, code, ct);
        log.Note($"  cluster {introduction.Name}, its CA key matches the code");
        log.Note("Checking both sides");
        // A code that an interrupted join has used is still good for the key of that join, and only enrolling shows the key.
        var outlook =
            sequence.IsUnderWay && !parse.GetValue(Check)
                ? new JoinOutlook([], [], sequence.Replaced(facts))
                : await sequence.LookAsync(trust, issuer, code, host, facts, ct);
        foreach (var link in outlook.Links)
            log.Note($"  {LinkRules.Line(link)}");
        foreach (var finding in outlook.Findings)
            Console.Error.WriteLine($"{(finding.IsError ? "error" : "warning")}: {finding.Message}");
        if (outlook.Refusal.Length > 0)
            throw new SequenceException(ExitCodes.Refused, outlook.Refusal);
        if (parse.GetValue(Check))
        {
            Console.Out.WriteLine(
                $"{(host.Name.Length > 0 ? host.Name : outlook.Name)} can join cluster {introduction.Name}. Nothing was changed."
            );
            return ExitCodes.Done;
        }

        Consent.Replacing(parse, $"Joining {introduction.Name}", outlook.Replaced);
        var grant = await sequence.EnrolAsync(trust, issuer, code, host, ct);
        // Begun again without answers of its own, it goes on with those that it was begun with.
        if (host.Own.Values.IsEmpty && sequence.Interrupted is { } begun)
            host = host with { Own = begun.Host.Own };
        return await EndAsync(sequence, grant, host, ct);
    }

    private static async Task<int> EndAsync(JoinSequence sequence, JoinGrant grant, JoiningHost host, CancellationToken ct)
    {
        ClusterNode node;
        try
        {
            node = await sequence.BecomeAsync(grant, host, ct);
        }
        catch (Exception e) when (sequence.IsUnfinished && e is SequenceException or AgentException or MachineException)
        {
            throw new SequenceException(
                (e as SequenceException)?.Code ?? ExitCodes.Failed,
                $"{e.Message}\nThe join is not finished. Fix this, then run 'gatehouse join' again: it continues where it stopped.",
                e
            );
        }

        Console.Out.WriteLine(
            $"{node.Name} is node {node.Number} of the cluster {grant.View.Cluster.Name}. 'gatehouse status' shows all of them."
        );
        return ExitCodes.Done;
    }

    // Who was asked for consent before the interruption has given it.
    private static async Task<int> GoOnAsync(LocalMachine machine, JoinSequence sequence, ConsoleLog log, CancellationToken ct)
    {
        var (grant, host) =
            sequence.Interrupted
            ?? throw new SequenceException(ExitCodes.Refused, "another run has already finished the join; see 'gatehouse status'.");
        log.Note($"Continuing the join of {host.Name} to cluster {grant.View.Cluster.Name}");
        return await EndAsync(sequence, grant, host, ct);
    }

    // Null when nothing is given, and a join that was interrupted is there to go on with.
    private static JoinTicket? Ticket(ParseResult parse, JoinSequence sequence)
    {
        if (parse.GetValue(Bundle) is { } file)
            return parse.GetValue(Member) is null
                ? JoinTicket.Carried(file)
                : throw new SequenceException(
                    ExitCodes.BadInput,
                    "a bundle contains address and code; give either the bundle, or address and code."
                );
        if (parse.GetValue(Member) is { } address)
            return JoinTicket.Typed(address, CodeText(parse));
        return sequence.Interrupted is not null
            ? null
            : throw new SequenceException(
                ExitCodes.BadInput,
                "name a member and the code ('gatehouse join ADDRESS CODE'), or a bundle ('gatehouse join --bundle FILE'). "
                    + "'gatehouse invite NAME --profile PROFILE' on a member creates them."
            );
    }

    private static JoiningHost Host(ParseResult parse, JoinTicket ticket, LocalMachine machine, Facts facts)
    {
        var problems = new List<string>();
        var answers = Own(parse.GetValue(Answers), ticket.Profile, machine, facts, problems);
        // A bundle names a host that has no full name of its own; it does not rename one that has.
        var own = facts.HostName.Contains('.', StringComparison.Ordinal) || ticket.Name.Length == 0 ? facts.HostName : ticket.Name;
        var text = parse.GetValue(Name) ?? answers.Text("system.name") ?? own;
        // The code is for one name. A host that has no full name of its own gets that; one that has a full name is not renamed unasked.
        var name = "";
        var isLeftToCode =
            parse.GetValue(Name) is null && answers.Text("system.name") is null && !text.Contains('.', StringComparison.Ordinal);
        if (!isLeftToCode && !Names.TryParse(text, 2, out name))
            problems.Add($"'{text}' is not a fully qualified name; give one with --name.");
        var given =
            parse.GetValue(Address)
            ?? answers.Text("system.address")
            ?? (facts.Addresses.Length == 1 ? facts.Addresses[0] : SourceAddress.Towards(ticket.Members))?.ToString()
            ?? "";
        if (!Addresses.TryParse(given, out var address))
            problems.Add(
                given.Length == 0
                    ? $"there is no route to {string.Join(", ", ticket.Members)}; use --address to name the address at which "
                        + "the other nodes reach this host."
                    : $"'{given}' is not an address; give one with --address."
            );
        return problems.Count == 0
            ? new JoiningHost(name, address, parse.GetValue(Location) ?? answers.Text("system.location") ?? "", answers)
            : throw new SequenceException(ExitCodes.BadInput, string.Join('\n', problems));
    }

    private static Answers Own(string? file, string profile, LocalMachine machine, Facts facts, List<string> problems)
    {
        if (file is null)
            return new Answers("join", ImmutableSortedDictionary<string, Node>.Empty);
        try
        {
            var (answers, report) = OwnAnswers.Read(
                file,
                NamedFile.Read(file, YamlReader.MaximumBytes),
                WantedReader.IsOwnerOnly(file),
                profile,
                Shipped.Screens(),
                machine,
                facts
            );
            problems.AddRange(report.Where(f => f.Severity == Severity.Error).Select(f => f.ToString()));
            return answers;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SequenceException(ExitCodes.BadInput, $"the answer file {file} cannot be read: {e.Message}", e);
        }
    }

    private static string CodeText(ParseResult parse)
    {
        if (parse.GetValue(Code) is { } code)
            return code;
        if (!Console.IsInputRedirected)
            Console.Error.Write("Join code: ");
        return Console.In.ReadLine() ?? "";
    }

    private static void Refuse(LocalMachine machine, Facts facts, JoinSequence sequence)
    {
        if (!machine.IsLive)
            throw new SequenceException(ExitCodes.BadInput, "a host joins a cluster itself; a tree cannot.");
        if (facts.Debian != "12")
            throw new SequenceException(ExitCodes.Refused, "Gatehouse sets up Debian 12, and this host runs something else.");
        if (!sequence.IsUnfinished && new ClusterFiles(machine).Node is { IsMember: true } node)
            throw new SequenceException(
                ExitCodes.Refused,
                $"this host is already node {node.Number} of cluster {node.ClusterName}; see 'gatehouse status'."
            );
    }
}

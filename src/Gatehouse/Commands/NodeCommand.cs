using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Leaving;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quorum;
using Gatehouse.Cluster.Status;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse node</c></summary>
internal static class NodeCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The node's name, or its number." };

    private static readonly Argument<string> NewAddress = new("ADDRESS")
    {
        Description = "The address at which the other nodes reach this host from now on.",
    };
    private static readonly Option<bool> Forwarded = new("--forwarded")
    {
        Description = "Also when no interface of this host has the address: a firewall forwards it here.",
    };

    public static Command Create()
    {
        var address = new Command(
            "address",
            """
            Gives this member another address: certificate, firewalls, hosts files and the places of the databases follow on every member.
            Put the new address on the interface first and keep the old one until this has come to its end; members let the
            node come from both for a day. Interrupted, it goes on when it is run again.

            Example: gatehouse node address 192.0.2.21
            """
        )
        {
            NewAddress,
            Forwarded,
        };
        address.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => AddressAsync(parse, ct)));
        var list = new Command(
            "list",
            "Lists the members and the join codes that are open, as the registry has them; nobody is asked.\n\nExample: gatehouse node list"
        );
        var show = new Command(
            "show",
            "Shows everything that the registry knows of a node, a removed one by its number too.\n\nExample: gatehouse node show "
                + "mx2.example.org"
        )
        {
            Name,
        };
        var remove = new Command(
            "remove",
            "Removes a node, also one that is lost or never came: its certificate is revoked, its database login dropped,\nand every "
                + "member told. A removed host goes on as a gateway with its last settings.\n\nExample: gatehouse node remove "
                + "mx2.example.org"
        )
        {
            Name,
        };
        list.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ListAsync(parse, ct)));
        show.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ShowAsync(parse, ct)));
        remove.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RemoveAsync(parse, ct)));
        return new Command("node", "The members of the cluster: list, show, remove, and this one's address.")
        {
            list,
            show,
            remove,
            address,
        };
    }

    private static async Task<int> ListAsync(ParseResult parse, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(MemberCommand.Member(parse));
        var view = await registry.ViewAsync(ct);
        var codes = await registry.CodesAsync(ct);
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["cluster"] = view.Cluster.Name,
                        ["nodes"] = new JsonArray([.. view.Members.Select(n => (JsonNode)NodeReport.AsJson(view, n))]),
                        ["invited"] = new JsonArray([
                            .. NodeReport
                                .Open(view, codes)
                                .Select(c =>
                                    (JsonNode)
                                        new JsonObject
                                        {
                                            ["name"] = c.NodeName,
                                            ["profile"] = c.Profile,
                                            ["by"] = c.CreatedBy,
                                            ["expires"] = c.Expires.ToString("O"),
                                            ["attempts"] = c.Attempts,
                                        }
                                ),
                        ]),
                    }
                )
            );
            return ExitCodes.Done;
        }

        var rows = NodeReport.Table(view, codes).ToArray();
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows)
            Console.Out.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(ParseResult parse, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(MemberCommand.Member(parse));
        var view = await registry.ViewAsync(ct);
        var node = Find(parse, view);
        var certificates = await registry.CertificatesAsync(ct);
        var results = await registry.SettingsResultsAsync(view.WantedSettings, ct);
        if (parse.GetValue(GlobalOptions.Json))
        {
            var json = NodeReport.AsJson(view, node);
            json["certificates"] = new JsonArray([
                .. certificates
                    .Where(c => c.Node == node.Number)
                    .Select(c =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["serial"] = c.Issued.Serial,
                                ["from"] = c.Issued.NotBefore.ToString("O"),
                                ["until"] = c.Issued.NotAfter.ToString("O"),
                                ["revoked"] = c.Revoked?.ToString("O"),
                            }
                    ),
            ]);
            json["results"] = new JsonArray([
                .. results
                    .Where(r => r.Node == node.Number)
                    .Select(r =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["settings"] = r.Version,
                                ["applied"] = r.Applied,
                                ["message"] = r.Message,
                                ["at"] = r.At.ToString("O"),
                            }
                    ),
            ]);
            Console.Out.WriteLine(Json.Text(json));
            return ExitCodes.Done;
        }

        Console.Out.Write(NodeReport.Show(view, node, certificates, results, await registry.NodeAnswersAsync(node.Number, ct) ?? ""));
        return ExitCodes.Done;
    }

    private static async Task<int> RemoveAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var node = Find(parse, view);
        if (node.Number == me.Number)
            throw new SequenceException(ExitCodes.Refused, $"{node.Name} is this host; 'gatehouse leave' takes it out of the cluster.");
        if ((KeeperRules.RemovalRefusal(view, me.Number, node.Number) ?? RemovalRules.Refusal(view, node, null)) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
        if (node.State != NodeState.Removed)
            Consent.Name(
                parse,
                $"{node.Name} (number {node.Number}, {node.Profile}) is removed from the cluster {view.Cluster.Name}. To come back it "
                    + $"needs a new join code.",
                node.Name
            );
        // Who takes writes hands that over before it goes; only a database node can have that done.
        if (PatroniControl.IsCopy(me.Profile) && PatroniControl.IsCopy(node.Profile))
            await new PatroniControl(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse)).MoveAwayAsync(
                node,
                registry,
                ct
            );
        if (RemovalRules.Refusal(view, node, await registry.HostAsync(ct)) is { } still)
            throw new SequenceException(ExitCodes.Refused, still);
        var answer = await RemoveSequence.RunAsync(
            GlobalOptions.Machine(parse),
            me,
            view,
            node,
            $"by the administrator of {me.Name}",
            TimeProvider.System,
            ct
        );
        Console.Out.WriteLine(
            answer.Removed
                ? $"{node.Name} (number {node.Number}) is removed: its certificate is revoked, its database login is gone, and the "
                    + $"members are told."
                : $"{node.Name} (number {node.Number}) was removed before; the revocation list was made again, and the members are told."
        );
        if (answer.Unlisted > 0)
            Console.Error.WriteLine(
                $"note: {answer.Unlisted} of its certificates are of an issuing CA whose key is gone and can be on no list. The registry "
                    + $"and the agents refuse it all the same; to have every service do so, revoke that CA: 'gatehouse promote "
                    + $"--revoke-old-issuer'."
            );
        return ExitCodes.Done;
    }

    private static async Task<int> AddressAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var facts = FactProbe.Gather(TimeProvider.System);
        if (!Addresses.TryParse(parse.GetValue(NewAddress)!, out var address))
            throw new SequenceException(ExitCodes.BadInput, $"'{parse.GetValue(NewAddress)}' is no address.");
        if (!parse.GetValue(Forwarded) && !facts.Addresses.Contains(address))
            throw new SequenceException(
                ExitCodes.Refused,
                $"no interface of this host has {address}; there are {string.Join(", ", facts.Addresses)}. Put it on one first ('ip "
                    + $"address add', and in the network's configuration), and keep the old one until this has come to its end. If a "
                    + $"firewall forwards it here, say so with --forwarded."
            );
        var changed = await new AddressSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse)).RunAsync(
            address,
            ct
        );
        if (changed.Problem.Length > 0)
            throw new SequenceException(
                ExitCodes.Failed,
                $"the cluster knows the new address, and this node is not as the cluster wants it: {changed.Problem}\nRun this again; it "
                    + $"goes on."
            );
        Console.Out.WriteLine(
            $"{me.Name} is at {address} "
                + $"now.{(changed.Behind.IsEmpty ? " Every member knows it; an old address can be taken off the interface." : "")}"
        );
        foreach (var node in changed.Behind)
            Console.Error.WriteLine(
                $"note: {node.Name} has not followed yet. It does so by itself while it reaches the registry; otherwise run 'gatehouse "
                    + $"sync --from {address}' there."
            );
        Console.Error.WriteLine("note: what names this host outside of the cluster, such as DNS and other firewalls, is yours to change.");
        return ExitCodes.Done;
    }

    private static ClusterNode Find(ParseResult parse, ClusterView view) =>
        RemovalRules.Find(view, parse.GetValue(Name)!, out var problem) ?? throw new SequenceException(ExitCodes.BadInput, problem);
}

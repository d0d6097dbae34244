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
    private static readonly Argument<string> Name = new("NAME") { Description = "The name or number of the node." };

    private static readonly Argument<string> NewAddress = new("ADDRESS")
    {
        Description = "The new address at which the other nodes reach this host.",
    };
    private static readonly Option<bool> Forwarded = new("--forwarded")
    {
        Description = "The address is on no interface of this host, because a firewall forwards it here.",
    };

    public static Command Create()
    {
        var address = new Command(
            "address",
            """
            Changes the address of this member, including its certificate and the firewalls, hosts files and database addresses on every
            member. Add the new address to the interface first and keep the old one until this command ends; the members
            accept both addresses for a day. If it is interrupted, run it again to continue.

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
            "Lists the members and open join codes from the registry, without contacting the members.\n\nExample: gatehouse node list"
        );
        var show = new Command(
            "show",
            "Shows everything that the registry holds about a node; a removed node is found by its number.\n\nExample: "
                + "gatehouse node show mx2.example.org"
        )
        {
            Name,
        };
        var remove = new Command(
            "remove",
            "Removes a node, even one that is lost or never joined: revokes its certificate, drops its database login\nand "
                + "notifies every member. A removed host keeps running as a gateway with its last settings.\n\nExample: gatehouse "
                + "node remove mx2.example.org"
        )
        {
            Name,
        };
        list.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ListAsync(parse, ct)));
        show.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ShowAsync(parse, ct)));
        remove.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RemoveAsync(parse, ct)));
        return new Command("node", "The members of the cluster: list, show and remove them, or change this node's address.")
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
            throw new SequenceException(
                ExitCodes.Refused,
                $"{node.Name} is this host; use 'gatehouse leave' to remove it from the cluster."
            );
        if ((KeeperRules.RemovalRefusal(view, me.Number, node.Number) ?? RemovalRules.Refusal(view, node, null)) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
        if (node.State != NodeState.Removed)
            Consent.Name(
                parse,
                $"{node.Name} (number {node.Number}, {node.Profile}) will be removed from cluster {view.Cluster.Name}. To "
                    + "rejoin, it needs a new join code.",
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
                ? $"{node.Name} (number {node.Number}) has been removed: its certificate is revoked, its database login is "
                    + "dropped, and the members are notified."
                : $"{node.Name} (number {node.Number}) had been removed before; the revocation list is renewed, and the "
                    + "members are notified."
        );
        if (answer.Unlisted > 0)
            Console.Error.WriteLine(
                $"note: {answer.Unlisted} of its certificates are from an issuing CA whose key is lost, so no revocation "
                    + "list can contain them. The registry and the agents reject the node anyway; to make every service reject "
                    + "it, revoke that CA: 'gatehouse promote --revoke-old-issuer'."
            );
        return ExitCodes.Done;
    }

    private static async Task<int> AddressAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var facts = FactProbe.Gather(TimeProvider.System);
        if (!Addresses.TryParse(parse.GetValue(NewAddress)!, out var address))
            throw new SequenceException(ExitCodes.BadInput, $"'{parse.GetValue(NewAddress)}' is not an address.");
        if (!parse.GetValue(Forwarded) && !facts.Addresses.Contains(address))
            throw new SequenceException(
                ExitCodes.Refused,
                $"no interface of this host has {address}; this host has {string.Join(", ", facts.Addresses)}. Add it to one "
                    + "first ('ip address add', and in the network configuration), and keep the old one until this command ends. "
                    + "If a firewall forwards it here, use --forwarded."
            );
        var changed = await new AddressSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse)).RunAsync(
            address,
            ct
        );
        if (changed.Problem.Length > 0)
            throw new SequenceException(
                ExitCodes.Failed,
                $"the cluster knows the new address, but this node is not in sync with the cluster: {changed.Problem}\nRun "
                    + "this again to continue."
            );
        Console.Out.WriteLine(
            $"{me.Name} is at {address} "
                + $"now.{(changed.Behind.IsEmpty ? " All members know it; you can remove the old address from the interface." : "")}"
        );
        foreach (var node in changed.Behind)
            Console.Error.WriteLine(
                $"note: {node.Name} has not synced yet. It syncs by itself if it reaches the registry; otherwise run "
                    + $"'gatehouse sync --from {address}' there."
            );
        Console.Error.WriteLine("note: update whatever refers to this host outside the cluster, such as DNS and other firewalls.");
        return ExitCodes.Done;
    }

    private static ClusterNode Find(ParseResult parse, ClusterView view) =>
        RemovalRules.Find(view, parse.GetValue(Name)!, out var problem) ?? throw new SequenceException(ExitCodes.BadInput, problem);
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse cluster events</c></summary>
internal static class ClusterEventsCommand
{
    private static readonly Option<int> Most = new("--most")
    {
        Description = "How many of the newest events to show; 0 for all.",
        HelpName = "N",
        DefaultValueFactory = _ => 50,
    };

    public static Command Create()
    {
        var command = new Command(
            "events",
            """
            Shows the cluster's audit log: what was done, by which node and, where known, by which administrator; newest last.
            Each event carries a hash of the one before it. The command verifies the whole chain first; if an event was changed or
            removed, it names the event and exits 1.

            Example: gatehouse cluster events --most 20
            """
        )
        {
            Most,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var most = parse.GetValue(Most);
        if (most < 0)
            throw new SequenceException(ExitCodes.BadInput, "--most must be 0 or more.");
        await using var registry = RegistryAccess.Open(MemberCommand.Member(parse));
        var chain = await registry.VerifyEventsAsync(ct);
        // Those that the verification found good: a broken chain is shown up to its break.
        var events = await registry.EventsAsync(most == 0 ? 0 : Math.Max(0, chain.Count - most), most == 0 ? int.MaxValue : most, ct);
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["whole"] = chain.IsWhole,
                        ["first"] = chain.First,
                        ["count"] = chain.Count,
                        ["head"] = chain.Head,
                        ["broken"] = chain.Broken,
                        ["why"] = chain.Why,
                        ["events"] = new JsonArray([.. events.Select(e => (JsonNode)AsJson(e))]),
                    }
                )
            );
        }
        else
        {
            foreach (var e in events)
                Console.Out.WriteLine(Line(e));
            if (chain.IsWhole)
                Console.Error.WriteLine(
                    $"{Extent(chain)} is intact. Its head is {chain.Head}; store it elsewhere to detect later whether the "
                        + "chain was rebuilt."
                );
        }

        if (!chain.IsWhole)
            Console.Error.WriteLine(
                $"error: the event chain is broken at event {chain.Broken}: {chain.Why}. Compare it with a backup "
                    + "('gatehouse backup' also verifies the chain)."
            );
        return chain.IsWhole ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Extent(EventChain chain) =>
        chain.First <= 1
            ? $"The chain of {chain.Count} events"
            : $"The chain of events {chain.First} to {chain.Count} (older events are deleted after {ClusterEvent.KeptFor.Days} days)";

    private static string Line(ClusterEvent e) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{e.Number, 5}  {e.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {e.Actor}  {e.Kind}  "
                + $"{AgentClient.Printable(e.Detail).ReplaceLineEndings(" ")}"
        );

    private static JsonObject AsJson(ClusterEvent e) =>
        new()
        {
            ["number"] = e.Number,
            ["at"] = e.At.ToString("O"),
            ["actor"] = e.Actor,
            ["kind"] = e.Kind,
            ["detail"] = e.Detail,
            ["hash"] = e.Hash,
        };
}

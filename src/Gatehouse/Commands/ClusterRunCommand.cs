using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse cluster run</c></summary>
internal static class ClusterRunCommand
{
    private static readonly Argument<string> Order = new("ORDER")
    {
        Description = $"One of: {string.Join(", ", ClusterOrders.All.Select(o => o.Kind))}.",
    };
    private static readonly Option<string[]> Nodes = new("--node")
    {
        Description = "Run only on this node; may be given several times. Without it, on all nodes.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<int> Minutes = new("--minutes")
    {
        Description = "How long the order stays valid for members that are unreachable.",
        HelpName = "N",
        DefaultValueFactory = _ => 5,
    };

    public static Command Create()
    {
        Order.AcceptOnlyFromAmong([.. ClusterOrders.All.Select(o => o.Kind)]);
        var run = new Command(
            "run",
            "Runs an order on every member. Members run orders in the sequence in which they are "
                + $"given.\n{string.Join('\n', ClusterOrders.All.Select(o => $"  {o.Kind, -12} {o.Help}"))}\n\nExample: gatehouse "
                + "cluster run verify"
        )
        {
            Order,
            Nodes,
            Minutes,
        };
        run.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return new Command(
            "cluster",
            "Runs orders on all members of the cluster, shows its audit log, and approves changes to its settings."
        )
        {
            run,
            ClusterEventsCommand.Create(),
            ClusterProposalsCommand.Create(),
            ClusterApproveCommand.Create(),
            ClusterRejectCommand.Create(),
        };
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var minutes = parse.GetValue(Minutes);
        if (minutes is < 1 or > 1440)
            throw new SequenceException(ExitCodes.BadInput, "--minutes must be 1 to 1440.");
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var names = parse.GetValue(Nodes) ?? [];
        if (names.FirstOrDefault(n => view.Member(n) is null) is { } unknown)
            throw new SequenceException(
                ExitCodes.BadInput,
                $"there is no member {unknown}; the members are {string.Join(", ", view.Members.Select(n => n.Name))}."
            );
        var deadline = view.Taken.AddMinutes(minutes);
        var number = await registry.IssueCommandAsync(
            parse.GetValue(Order)!,
            "{}",
            [.. names.Select(n => view.Member(n)!.Number)],
            deadline,
            ct
        );
        var asked = names.Length > 0 ? names.Select(n => view.Member(n)!).ToArray() : [.. view.Members];

        var results = new Dictionary<int, CommandResult>();
        while (results.Count < asked.Length && TimeProvider.System.GetUtcNow() < deadline)
        {
            foreach (var result in await registry.CommandResultsAsync(number, ct))
                if (results.TryAdd(result.Node, result) && !parse.GetValue(GlobalOptions.Json))
                    Console.Out.WriteLine(
                        $"{view.Node(result.Node)?.Name}: {Word(result.State)}{(result.Output.Length > 0 ? $": {result.Output}" : "")}"
                    );
            if (results.Count < asked.Length)
                await Task.Delay(250, ct);
        }

        var silent = asked.Where(n => !results.ContainsKey(n.Number)).ToArray();
        foreach (var node in silent)
            Console.Error.WriteLine($"{node.Name}: no answer; the order was valid until {deadline.ToLocalTime():HH:mm:ss}");
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["command"] = number,
                        ["results"] = new JsonArray([
                            .. asked.Select(n =>
                                (JsonNode)
                                    new JsonObject
                                    {
                                        ["node"] = n.Name,
                                        ["state"] = results.TryGetValue(n.Number, out var r) ? Word(r.State) : "no answer",
                                        ["output"] = results.GetValueOrDefault(n.Number)?.Output ?? "",
                                    }
                            ),
                        ]),
                    }
                )
            );
        return silent.Length == 0 && results.Values.All(r => r.State == CommandState.Done) ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Word(CommandState state) =>
        state switch
        {
            CommandState.Done => "done",
            CommandState.Failed => "failed",
            _ => "refused",
        };
}

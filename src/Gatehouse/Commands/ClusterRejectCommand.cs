using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse cluster reject</c></summary>
internal static class ClusterRejectCommand
{
    private static readonly Argument<long> Number = new("N")
    {
        Description = "The settings version, as shown by 'gatehouse cluster proposals'.",
    };
    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "The reason, shown to the administrator who proposed the change.",
        HelpName = "TEXT",
        Required = true,
    };

    public static Command Create()
    {
        var command = new Command(
            "reject",
            """
            Withdraws a change to the cluster's settings that the other members have not applied yet. Run it on any member; the node that
            proposed the change returns to the previous version.

            Example: gatehouse cluster reject 12 --reason 'the relay network is too wide'
            """
        )
        {
            Number,
            Reason,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var number = parse.GetValue(Number);
        await using var registry = RegistryAccess.Open(MemberCommand.Member(parse));
        await registry.RejectSettingsAsync(number, parse.GetValue(Reason)!, ct);
        Console.Out.WriteLine($"Settings version {number} is withdrawn.");
        return ExitCodes.Done;
    }
}

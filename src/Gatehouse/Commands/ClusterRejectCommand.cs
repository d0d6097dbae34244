using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse cluster reject</c></summary>
internal static class ClusterRejectCommand
{
    private static readonly Argument<long> Number = new("N") { Description = "The version, as 'gatehouse cluster proposals' shows it." };
    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the administrator who proposed it.",
        HelpName = "TEXT",
        Required = true,
    };

    public static Command Create()
    {
        var command = new Command(
            "reject",
            """
            Withdraws a change to the cluster's settings that the other members do not follow yet, on any member. The node that proposed it
            goes back to the version before.

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

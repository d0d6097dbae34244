using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Settings;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse cluster approve</c></summary>
internal static class ClusterApproveCommand
{
    private static readonly Argument<long> Number = new("N")
    {
        Description = "The settings version, as shown by 'gatehouse cluster proposals'.",
    };
    private static readonly Option<string?> Token = TokenInput.File();

    private const string Description =
        "Shows, then approves a change to the cluster's settings that waits for approval (cluster.approval). With 'member', "
        + "run it on\n"
        + """
            any member except the one that proposed it. With 'token', run it on any member; it asks for the cluster master token, which
            works in both cases. Type the token only on a node that holds the registry: an intruder on the node would see it.

            Example: gatehouse cluster approve 12
            """;

    public static Command Create()
    {
        var command = new Command("approve", Description) { Number, Token };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var number = parse.GetValue(Number);
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var version =
            await registry.SettingsAsync(number, ct)
            ?? throw new SequenceException(
                ExitCodes.BadInput,
                $"there is no settings version {number}; 'gatehouse cluster proposals' lists them."
            );
        var proposal = await Proposal.OfAsync(registry, view, Shipped.Screens(), version, ct);
        Console.Error.WriteLine(ClusterProposalsCommand.AsText(proposal));
        if (!proposal.Waits)
            throw new SequenceException(ExitCodes.Refused, $"settings version {number} is not waiting for approval.");
        if (proposal.Needed == ApprovalMode.Token || parse.GetValue(Token) is not null)
        {
            var token = TokenInput.Read(parse.GetValue(Token));
            await registry.ApproveSettingsAsync(number, token.PromotionProof(view.Cluster.Id), ct);
        }
        else
        {
            if (version.Author == me.Number)
                throw new SequenceException(
                    ExitCodes.Refused,
                    $"{me.Name} proposed version {number} itself; approve it on another active member, or with --token-file."
                );
            if (!parse.GetValue(GlobalOptions.Yes) && !Console.IsInputRedirected && !Confirm())
                throw new SequenceException(ExitCodes.Refused, "cancelled; the change is not approved.");
            await registry.ApproveSettingsAsync(number, ct);
        }

        Console.Out.WriteLine(
            $"Settings version {number} is approved. {proposal.Author} now rolls it out to all members; 'gatehouse cluster "
                + "proposals' shows the progress."
        );
        return ExitCodes.Done;
    }

    private static bool Confirm()
    {
        Console.Error.Write("Approve this? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}

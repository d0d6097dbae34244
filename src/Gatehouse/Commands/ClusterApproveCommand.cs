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
    private static readonly Argument<long> Number = new("N") { Description = "The version, as 'gatehouse cluster proposals' shows it." };
    private static readonly Option<string?> Token = TokenInput.File();

    private const string Description =
        "Approves a change to the cluster's settings that waits for it (cluster.approval). It is shown first. With 'member', "
        + "this is run on\n"
        + """
            another member than the one that proposed it; with 'token', on any, and it takes the cluster master token. The token serves in
            both cases. Type it on a node that holds the registry: who has taken over the node that it is typed on has it as well.

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
            throw new SequenceException(ExitCodes.Refused, $"settings version {number} does not wait for approval.");
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
                throw new SequenceException(ExitCodes.Refused, "it was not approved.");
            await registry.ApproveSettingsAsync(number, ct);
        }

        Console.Out.WriteLine(
            $"Settings version {number} is approved. {proposal.Author} has all members follow it now; 'gatehouse cluster proposals' shows "
                + $"how far it is."
        );
        return ExitCodes.Done;
    }

    private static bool Confirm()
    {
        Console.Error.Write("Approve this? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}

using System.CommandLine;
using Gatehouse.Cluster.Issuing;
using Gatehouse.Cluster.Membership;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse promote</c></summary>
internal static class PromoteCommand
{
    private static readonly Option<string?> Token = TokenInput.File();
    private static readonly Option<bool> Force = new("--force") { Description = "Promote this node even if the current issuer answers." };
    private static readonly Option<bool> RevokeOld = new("--revoke-old-issuer")
    {
        Description =
            "Revoke the previous issuing CA, because its key is compromised. Members that do not get a new certificate "
            + "within a minute must join again.",
    };

    public static Command Create()
    {
        var command = new Command(
            "promote",
            """
            Makes this node the issuer of the cluster, which signs certificates and admits new hosts: after the previous issuer was
            lost, or to move this role. It needs the cluster's master token. A previous issuer that returns steps down by itself.

            Example: gatehouse promote
            """
        )
        {
            Token,
            Force,
            RevokeOld,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var sequence = new PromoteSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse));
        var promoted = await sequence.RunAsync(
            me,
            TokenInput.Read(parse.GetValue(Token)),
            parse.GetValue(Force),
            parse.GetValue(RevokeOld),
            ct
        );
        Console.Out.WriteLine(
            $"{me.Name} is now the issuer of cluster {promoted.View.Cluster.Name}, in epoch {promoted.View.Cluster.Epoch}."
        );
        if (!promoted.IsComplete)
            Console.Error.WriteLine(
                "note: the database has not loaded the new CA's revocation list yet; until it has, no host can join. The "
                    + "database host loads it within six minutes, or immediately with 'gatehouse sync' there; then run 'gatehouse "
                    + "sync' here."
            );
        foreach (var node in promoted.Behind)
            Console.Error.WriteLine(
                parse.GetValue(RevokeOld)
                    ? $"note: {node.Name} has no certificate from the new CA and must join again."
                    : $"note: {node.Name} has no certificate from the new CA yet; it gets one at its next sync."
            );
        if (promoted.Problem.Length > 0)
            throw new SequenceException(
                ExitCodes.Failed,
                $"this node is the issuer, but is not in sync with the cluster: {promoted.Problem}\n'gatehouse sync' tries again."
            );
        return ExitCodes.Done;
    }
}

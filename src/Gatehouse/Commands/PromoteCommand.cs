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
    private static readonly Option<bool> Force = new("--force") { Description = "Also when the issuer there is answers." };
    private static readonly Option<bool> RevokeOld = new("--revoke-old-issuer")
    {
        Description =
            "Revoke the issuing CA there was: when its key is in wrong hands. Members that do not get a new certificate within a minute "
            + "have to join again.",
    };

    public static Command Create()
    {
        var command = new Command(
            "promote",
            """
            Makes this node the issuer of the cluster, which signs certificates and lets hosts join: after the loss of the one there
            was, or to move its duty. It takes the cluster's master token. An old issuer that comes back steps down by itself.

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
            $"{me.Name} is the issuer of the cluster {promoted.View.Cluster.Name} since now, in epoch {promoted.View.Cluster.Epoch}."
        );
        if (!promoted.IsComplete)
            Console.Error.WriteLine(
                "note: the database has not read the new CA's revocation list yet, so nobody can join before it has. The host that it "
                    + "runs on does so by itself within six minutes, or at once with 'gatehouse sync' there; then run 'gatehouse sync' "
                    + "here."
            );
        foreach (var node in promoted.Behind)
            Console.Error.WriteLine(
                parse.GetValue(RevokeOld)
                    ? $"note: {node.Name} has no certificate of the new CA and has to join again."
                    : $"note: {node.Name} has no certificate of the new CA yet; it gets one when it follows."
            );
        if (promoted.Problem.Length > 0)
            throw new SequenceException(
                ExitCodes.Failed,
                $"it is the issuer, but not as the cluster wants it: {promoted.Problem}\n'gatehouse sync' tries that again."
            );
        return ExitCodes.Done;
    }
}

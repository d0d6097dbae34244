using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Leaving;
using Gatehouse.Cluster.Membership;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse leave</c></summary>
internal static class LeaveCommand
{
    private static readonly Option<bool> Alone = new("--alone")
    {
        Description = "Leave although the cluster cannot be told; remove this node there later.",
    };

    public static Command Create()
    {
        var command = new Command(
            "leave",
            "Ends the membership of this host: the issuer removes it, and the agent stops. As a gateway it goes on with\nits last "
                + "settings, and it can join again.\n\nExample: gatehouse leave"
        )
        {
            Alone,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var (machine, clock) = (GlobalOptions.Machine(parse), TimeProvider.System);
        var sequence = new LeaveSequence(machine, clock, new ConsoleLog(parse));
        Consent.Name(
            parse,
            $"{me.Name} (number {me.Number}) leaves the cluster {me.ClusterName}. To come back it needs a new join code.",
            me.Name
        );
        // What follows the cluster waits until there is none here: it would set up again what ends.
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        try
        {
            await sequence.DepartAsync(me, ct);
        }
        catch (Exception e) when (e is RegistryException or AgentException)
        {
            if (!await Standing.IsRevokedAsync(me, clock, ct) && !parse.GetValue(Alone))
                throw new SequenceException(
                    ExitCodes.Refused,
                    $"the cluster could not be told: {e.Message}\nNothing was ended here. If it cannot be reached for good, 'gatehouse "
                        + $"leave --alone' ends the membership here; then remove {me.Name} on another member.",
                    e
                );
        }

        await sequence.ForgetAsync(ct);
        Console.Out.WriteLine(
            $"This host is no member of the cluster {me.ClusterName} any more. Its gateway goes on with the last settings as it is; "
                + $"'gatehouse join ADDRESS CODE' makes it a member again."
        );
        return ExitCodes.Done;
    }
}

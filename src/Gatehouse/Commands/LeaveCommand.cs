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
        Description = "Leave even if the cluster is unreachable; remove this node there later.",
    };

    public static Command Create()
    {
        var command = new Command(
            "leave",
            "Removes this host from its cluster: the issuer removes the node, and the agent stops. The gateway keeps "
                + "running\nwith its last settings, and the host can join again.\n\nExample: gatehouse leave"
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
            $"{me.Name} (number {me.Number}) leaves cluster {me.ClusterName}. To rejoin, it needs a new join code.",
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
                    $"the cluster is unreachable: {e.Message}\nNothing was changed here. If it stays unreachable, 'gatehouse "
                        + $"leave --alone' ends the membership on this host; then remove {me.Name} on another member.",
                    e
                );
        }

        await sequence.ForgetAsync(ct);
        Console.Out.WriteLine(
            $"This host is no longer a member of cluster {me.ClusterName}. Its gateway keeps running with the last settings; "
                + "'gatehouse join ADDRESS CODE' makes it a member again."
        );
        return ExitCodes.Done;
    }
}

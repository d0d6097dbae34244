using System.CommandLine;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse sync</c></summary>
internal static class SyncCommand
{
    private static readonly Option<bool> Follow = new("--follow")
    {
        Description = "Do nothing when nothing has changed; gatehouse-follow.service runs it so.",
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "Ask the member at ADDRESS where the registry is now: for a node that was away while that, or its address, changed.",
        HelpName = "ADDRESS",
    };

    public static Command Create()
    {
        var command = new Command(
            "sync",
            "Brings this member to what the cluster's registry holds, now: whom to trust, certificate, settings, peers, orders.\nThe "
                + "agent has this done by itself whenever something changes.\n\nExample: gatehouse sync --from 192.0.2.12"
        )
        {
            Follow,
            From,
        };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var followed = parse.GetValue(From) is { } from
            ? await FromAsync(parse, me, from, ct)
            : await new FollowSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse)).RunAsync(
                !parse.GetValue(Follow),
                ct
            );
        if (followed.Problem.Length > 0)
            throw new SequenceException(ExitCodes.Failed, $"this node is not as the cluster wants it: {followed.Problem}");
        if (!parse.GetValue(Follow))
            Console.Out.WriteLine(
                $"In step with the cluster {followed.View.Cluster.Name}: settings version {followed.Settings}, "
                    + $"{followed.View.Members.Count()} members."
            );
        return ExitCodes.Done;
    }

    private static Task<Followed> FromAsync(ParseResult parse, LocalNode me, string from, CancellationToken ct)
    {
        if (!HostPort.TryParse(from, MemberTls.Port, out var member))
            throw new SequenceException(ExitCodes.BadInput, $"'{from}' is neither a host name nor an address.");
        return new NewMaster(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse)).FollowAsync(me, member, ct);
    }
}

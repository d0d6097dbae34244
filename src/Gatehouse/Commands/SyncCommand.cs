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
        Description = "Do nothing if nothing has changed; gatehouse-follow.service uses this.",
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description =
            "Ask the member at ADDRESS for the registry's location: for a node that was offline while it, or its own address, "
            + "changed.",
        HelpName = "ADDRESS",
    };

    public static Command Create()
    {
        var command = new Command(
            "sync",
            "Syncs this member with the cluster's registry now: trusted CAs, certificate, settings, peers, orders.\nThe "
                + "agent does this automatically whenever something changes.\n\nExample: gatehouse sync --from 192.0.2.12"
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
            throw new SequenceException(ExitCodes.Failed, $"this node is not in sync with the cluster: {followed.Problem}");
        if (!parse.GetValue(Follow))
            Console.Out.WriteLine(
                $"In sync with cluster {followed.View.Cluster.Name}: settings version {followed.Settings}, "
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

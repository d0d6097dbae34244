using System.CommandLine;
using Gatehouse.Clusters;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse sync</c></summary>
internal static class SyncCommand
{
    private static readonly Option<bool> Follow = new("--follow") { Description = "Do nothing when nothing has changed; gatehouse-follow.service runs it so." };

    public static Command Create()
    {
        var command = new Command("sync", "Brings this member to what the cluster's registry holds, now: whom to trust, certificate, settings, peers, orders.\nThe agent has this done by itself whenever something changes.\n\nExample: gatehouse sync") { Follow };
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        MemberCommand.Member(parse);
        var followed = await new FollowSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse)).RunAsync(!parse.GetValue(Follow), ct);
        if (followed.Problem.Length > 0) throw new SequenceException(ExitCodes.Failed, $"this node is not as the cluster wants it: {followed.Problem}");
        if (!parse.GetValue(Follow)) Console.Out.WriteLine($"In step with the cluster {followed.View.Cluster.Name}: settings version {followed.Settings}, {followed.View.Members.Count()} members.");
        return ExitCodes.Done;
    }
}

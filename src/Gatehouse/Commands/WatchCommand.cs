using System.CommandLine;
using Gatehouse.Cluster.Membership;
using Gatehouse.Terminal;
using Gatehouse.Watching;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse watch</c>, for the timer.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var command = new Command(
            "watch",
            "Runs 'gatehouse verify', and mails the postmaster when it fails and once when everything works again; "
                + "gatehouse-watch.service runs this."
        )
        {
            Hidden = true,
        };
        command.SetAction(RunAsync);
        return command;
    }

    // A service that restarts right now is no reason for a mail; what fails twice is. While an apply runs, nothing is verified.
    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        if (Watch.IsApplying(machine))
            return ExitCodes.Done;
        var code = await VerifyAsync(parse, ct);
        if (code == ExitCodes.Failed)
        {
            await Task.Delay(Again, ct);
            if (Watch.IsApplying(machine))
                return ExitCodes.Done;
            code = await VerifyAsync(parse, ct);
        }

        if (code is (ExitCodes.Done or ExitCodes.Failed) && await VerifyStore.ReadAsync(machine, ct) is { } record)
            await new Watch(machine, TimeProvider.System).TellAsync(record, ct);
        return code;
    }

    private static Task<int> VerifyAsync(ParseResult parse, CancellationToken ct) =>
        parse
            .RootCommandResult.Command.Parse(["verify"])
            .InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }, ct);
}

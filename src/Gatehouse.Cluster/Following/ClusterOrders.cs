using System.Collections.Immutable;
using Gatehouse.Cluster.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Machines.Probes;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>An order that members carry out.</summary>
/// <param name="Kind">Its name on the command line.</param>
/// <param name="Help">What it does.</param>
/// <param name="Run">Commands, in this order; one for a program or a unit that a node does not have is passed over.</param>
internal sealed record ClusterOrder(string Kind, string Help, ImmutableArray<ImmutableArray<string>> Run);

/// <summary>The orders there are: whatever else the registry holds is refused.</summary>
internal static class ClusterOrders
{
    /// <summary>Proves that the running services work.</summary>
    public const string Verify = "verify";

    // What a shell says of a program that is not there, and systemctl of a unit (LSB: "program is not installed").
    private const int NoProgram = 127;
    private const int NoUnit = 5;

    /// <summary>All orders.</summary>
    public static ImmutableArray<ClusterOrder> All { get; } =
    [
        new(
            "reload",
            "Reload the configuration of mail transfer, scanner and web.",
            [
                .. new[] { "exim4", "rspamd", "nginx" }.Select(u =>
                    ImmutableArray.Create("systemctl", "try-reload-or-restart", $"{u}.service")
                ),
            ]
        ),
        new(
            "flush-queue",
            "Try to deliver every message that waits, now.",
            [
                ["exim4", "-qff"],
            ]
        ),
        new(Verify, "Prove that the running services work.", []),
    ];

    /// <summary>On whose behalf an order is carried out: "mx1.example.org (anna)" is "anna on mx1.example.org".</summary>
    /// <param name="by">Who gave it, as the registry has it.</param>
    public static string Behind(string by) => by.Split(" (", 2) is [var node, var name] ? $"{name.TrimEnd(')')} on {node}" : by;

    /// <summary>Carries out an order on this node.</summary>
    public static async Task<(CommandState State, string Output)> CarryOutAsync(
        ClusterCommand command,
        LocalMachine machine,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        // Also one that this release does not know: why it is not carried out is that it came too late.
        if (clock.GetUtcNow() > command.Deadline)
            return (CommandState.Refused, "its time was over when this node saw it");
        if (command.Kind == QuarantineOrders.Kind)
            return await QuarantineOrders.CarryOutAsync(command, machine, clock, ct);
        if (All.FirstOrDefault(o => o.Kind == command.Kind) is not { } order)
            return (CommandState.Refused, $"this release knows no order '{command.Kind}'");
        if (order.Kind == Verify)
            return await VerifyAsync(machine, clock, ct);
        foreach (var run in order.Run)
        {
            var result = await machine.RunAsync(new Invocation(run), null, ct);
            if (!result.Succeeded && !IsAbsent(run[0], result.ExitCode))
                return (CommandState.Failed, $"'{string.Join(' ', run)}' exited with {result.ExitCode}{MachineException.Tail(result.All)}");
        }

        return (CommandState.Done, "");
    }

    /// <summary>Whether a command ended because the node does not have what it is for, which is no failure there.</summary>
    /// <param name="program">The program.</param>
    /// <param name="exitCode">What it ended with.</param>
    internal static bool IsAbsent(string program, int exitCode) => exitCode == NoProgram || (program == "systemctl" && exitCode == NoUnit);

    private static async Task<(CommandState State, string Output)> VerifyAsync(
        LocalMachine machine,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        if (await new GenerationStore(machine).CurrentAsync(ct) is not { } current)
            return (CommandState.Failed, "nothing was applied here yet");
        var verifier = new Verifier(machine, clock);
        var results = await Task.WhenAll(
            current.Node.Verifications.Select(async v =>
                (v.Component, v.Verification.Name, Result: await verifier.VerifyAsync(v.Verification, ct))
            )
        );
        var failed = results.Where(r => !r.Result.Passed).Select(r => $"{r.Component}: {r.Name} ({r.Result.Detail})").ToArray();
        var unknown = results.Where(r => r.Result.IsUnknown).Select(r => $"warning: {r.Component}: {r.Name} ({r.Result.Detail})");
        return failed.Length == 0
            ? (CommandState.Done, string.Join('\n', unknown.Prepend($"{results.Count(r => !r.Result.IsUnknown)} verified")))
            : (CommandState.Failed, string.Join('\n', failed));
    }
}

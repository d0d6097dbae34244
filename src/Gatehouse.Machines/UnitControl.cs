using System.Collections.Immutable;
using Gatehouse.Core.Planning;

namespace Gatehouse.Machines;

/// <summary>Tells systemd what to do, and says why it did not.</summary>
internal sealed class UnitControl(IMachine machine)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // For a unit with an old init script, systemctl would call a helper that has systemd read everything again three times
    // (systemd, ENVIRONMENT.md: SYSTEMCTL_SKIP_SYSV). Where a unit of that name is, the script is not looked at anyway.
    internal static readonly ImmutableDictionary<string, string> NativeAlone = ImmutableDictionary<string, string>.Empty.Add(
        "SYSTEMCTL_SKIP_SYSV",
        "1"
    );

    /// <summary>Performs an action; a failure carries the unit's last log lines.</summary>
    public async Task RunAsync(UnitAction action, CancellationToken ct)
    {
        string[] words = action.Unit.Length == 0 ? [action.Command] : [action.Command, .. Options(action.Verb), "--", action.Unit];
        var command = new Invocation(["systemctl", "--quiet", .. words], Timeout: Patience, Variables: NativeAlone);
        var result = await machine.RunAsync(command, null, ct);
        if (!result.Succeeded)
            throw new MachineException(
                $"'{command}' exited with {result.ExitCode}{MachineException.Tail(result.All + "\n" + await LogAsync(action.Unit, ct))}"
            );
        if (action.Verb is UnitVerb.Start or UnitVerb.Restart)
            await StillRunsAsync(action, ct);
    }

    /// <summary>Whether the system is still starting up, so that starting is the boot's own business.</summary>
    public async Task<bool> IsBootingAsync(CancellationToken ct) =>
        (await machine.RunAsync(Invocation.Of("systemctl", "is-system-running"), null, ct)).Output.Trim() is "initializing" or "starting";

    // What is to start at boot is read at boot; a plan that needs it sooner has a step of its own for reading unit files again. After a
    // disabling systemd would go on saying "enabled" until it reads them again.
    private static string[] Options(UnitVerb verb) => verb is UnitVerb.Enable ? ["--no-reload"] : [];

    // A daemon of Type=simple counts as started before it has read its configuration; one that died of it is noticed here.
    private async Task StillRunsAsync(UnitAction action, CancellationToken ct)
    {
        var result = await machine.RunAsync(Invocation.Of("systemctl", "is-failed", "--quiet", "--", action.Unit), null, ct);
        if (result.Succeeded)
            throw new MachineException($"{action.Unit} failed after its start{MachineException.Tail(await LogAsync(action.Unit, ct))}");
    }

    private async Task<string> LogAsync(string unit, CancellationToken ct) =>
        unit.Length == 0
            ? ""
            : (
                await machine.RunAsync(
                    Invocation.Of("journalctl", "--no-pager", "--quiet", "--output=cat", "--lines=12", "--unit", unit),
                    null,
                    ct
                )
            ).Output;
}

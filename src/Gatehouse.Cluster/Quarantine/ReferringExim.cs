using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>Has Exim log the message that a new one is made from: <c>R=ID</c> directly behind the sender, where no stranger
/// writes.</summary>
/// <param name="machine">The host.</param>
/// <param name="message">Exim's id of that message.</param>
internal sealed class ReferringExim(LocalMachine machine, string message)
{
    /// <summary>Runs a command with Exim's arguments in it.</summary>
    public async Task<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct)
    {
        var result = await machine.RunAsync(
            command with
            {
                Arguments = command
                    .Arguments.Insert(command.Arguments.IndexOf("-oMr"), "-oMm")
                    .Insert(command.Arguments.IndexOf("-oMr") + 1, message),
            },
            onLine,
            ct
        );
        // An Exim that gives ids of another length, as the other release of Debian has it, refuses the name before it reads anything.
        return Reinjection.IsKnown(result.ExitCode) && !result.Succeeded && result.All.Contains("-oMm", StringComparison.Ordinal)
            ? await machine.RunAsync(command, onLine, ct)
            : result;
    }
}

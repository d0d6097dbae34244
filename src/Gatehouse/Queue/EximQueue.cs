using System.Collections.Immutable;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Queue;
using Gatehouse.Machines;

namespace Gatehouse.Queue;

/// <summary>Exim's queue on this host, through Exim's own options.</summary>
/// <param name="machine">The host.</param>
internal sealed class EximQueue(LocalMachine machine)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>A delivery tries every host of every recipient, each for up to five minutes.</summary>
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromMinutes(6);

    /// <summary>The messages, the oldest first.</summary>
    /// <exception cref="SequenceException">Exim cannot be asked.</exception>
    public async Task<ImmutableArray<QueuedMessage>> ReadAsync(CancellationToken ct)
    {
        var result = await machine.RunAsync(new Invocation(["exim4", "-bp"], Timeout: Limit), null, ct);
        return result.Succeeded
            ? QueuedMessage.ReadAll(result.Output)
            : throw new SequenceException(
                ExitCodes.Failed,
                result.ExitCode == 127
                    ? "Exim is not installed here: this host has no mail queue."
                    : $"Exim does not show its queue; it exited with "
                        + $"{result.ExitCode}{MachineException.Tail(Core.Quarantine.StrangerText.Of(result.All.Replace('\n', ' '), 800))}"
            );
    }

    /// <summary>The log of a message; empty when there is none.</summary>
    public Task<string> LogAsync(string id, CancellationToken ct) => TextAsync("-Mvl", id, ct);

    /// <summary>The header of a message as Exim keeps it in its queue, envelope and all.</summary>
    public Task<string> HeaderAsync(string id, CancellationToken ct) => TextAsync("-Mvh", id, ct);

    /// <summary>The body of a message.</summary>
    public async Task<string> BodyAsync(string id, CancellationToken ct)
    {
        // The name of the file in the spool stands in front.
        var text = await TextAsync("-Mvb", id, ct);
        return text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>Tries to deliver a message now, whatever its retry times say.</summary>
    public async Task<CommandResult> DeliverAsync(string id, CancellationToken ct) =>
        await machine.RunAsync(new Invocation(["exim4", "-M", id], Timeout: DeliveryLimit), null, ct);

    /// <summary>Puts a message on hold (-Mf), ends that (-Mt), or removes it (-Mrm).</summary>
    public async Task<CommandResult> ActAsync(string option, string id, CancellationToken ct) =>
        await machine.RunAsync(new Invocation(["exim4", option, id], Timeout: Limit), null, ct);

    private async Task<string> TextAsync(string option, string id, CancellationToken ct)
    {
        var result = await machine.RunAsync(new Invocation(["exim4", option, id], Timeout: Limit), null, ct);
        return result.Succeeded ? result.Output : "";
    }
}

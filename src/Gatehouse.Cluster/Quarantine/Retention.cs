using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>Whose turn it is to delete old messages of a shared quarantine.</summary>
internal static class Retention
{
    /// <summary>Begins or ends it. It is not begun where another node does it or did it this night, or where nobody can tell.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="begin">Whether it is to begin.</param>
    /// <param name="tell">Is told why it is not begun, and what is put off.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Exit code: 0 to go on, 1 to let it be.</returns>
    public static async Task<int> RunAsync(LocalMachine machine, bool begin, Action<string> tell, CancellationToken ct)
    {
        if (QuarantineDuty.Place(machine) is not { } place)
            return ExitCodes.Failed;
        // The settings were judged; a link put in the place of the directory since then was not.
        if (begin && (await machine.StatAsync(place.Directory, ct)).Kind != Core.Rendering.EntryKind.Directory)
            throw new SequenceException(ExitCodes.Failed, $"{place.Directory} is no directory; nothing is deleted.");
        if (begin)
            await ForgetAsync(machine, place, tell, ct);
        if (new ClusterFiles(machine).Node is not { } me || !place.IsShared)
            return ExitCodes.Done;
        await using var registry = RegistryAccess.Open(me);
        if (begin)
        {
            if (await registry.BeginRetentionAsync(ct))
                return ExitCodes.Done;
            tell("another node deletes the old messages of this night, or has done so.");
            return ExitCodes.Failed;
        }

        await registry.EndRetentionAsync(place.Days, ct);
        return ExitCodes.Done;
    }

    // Every node keeps a ledger, whoever's turn it is. One that cannot be had tonight is shorter tomorrow.
    private static async Task ForgetAsync(LocalMachine machine, QuarantinePlace place, Action<string> tell, CancellationToken ct)
    {
        if (place.Days == 0)
            return;
        try
        {
            using var ledger = QuarantineLedger.TryOpen(machine) ?? throw new MachineException("another gatehouse is busy with it");
            await ledger.ForgetAsync(TimeProvider.System.GetUtcNow().AddDays(-place.Days - 7), ct);
        }
        catch (MachineException e)
        {
            tell($"what this node did with messages long ago is kept for another night: {e.Message}");
        }
    }
}

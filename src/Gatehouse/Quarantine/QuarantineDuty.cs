using Gatehouse.Clusters;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Quarantine;

/// <summary>What a member owes the others for the shared quarantine: where it is reached, and what it did while the registry was away.</summary>
internal static class QuarantineDuty
{
    /// <summary>This host's quarantine as the last apply wrote it down; null when it has none.</summary>
    public static QuarantinePlace? Place(LocalMachine machine) => new ClusterFiles(machine).Read(QuarantinePlace.Path) is { } text ? QuarantinePlace.Read(text) : null;

    /// <summary>Tells what the registry does not know yet.</summary>
    /// <returns>Whether members have to look at the cluster anew.</returns>
    public static async Task<bool> RunAsync(LocalMachine machine, LocalNode me, ClusterView view, ClusterRegistry registry, IApplyLog log, CancellationToken ct)
    {
        if (Place(machine) is not { } place) return false;
        using (var ledger = await QuarantineLedger.OpenAsync(machine, ct)) await TellAsync(ledger, registry, ct);
        var (address, port) = place.Sharing == "built-in" ? (place.ForwardedAddress, place.ForwardedPort) : (null, QuarantinePlace.SyncPort);
        var known = view.Node(me.Number);
        if (Equals(known?.SyncAddress, address) && (known?.SyncPort ?? QuarantinePlace.SyncPort) == port) return false;
        try
        {
            return await registry.SetSyncPlaceAsync(address, port, ct);
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.AddressTaken)
        {
            log.Note(e.Message);
            return false;
        }
    }

    /// <summary>Tells the registry what was done without it.</summary>
    public static async Task TellAsync(QuarantineLedger ledger, ClusterRegistry registry, CancellationToken ct)
    {
        foreach (var (id, claim) in await ledger.UntoldAsync(ct))
        {
            await registry.TellMessageAsync(id.ToString(), claim.Action, claim.At, ct);
            await ledger.WriteAsync(id, claim with { Untold = false }, ct);
        }
    }
}

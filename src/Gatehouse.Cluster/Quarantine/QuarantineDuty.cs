using System.Globalization;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Quarantine;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Quarantine;

/// <summary>What a member owes the others for the shared quarantine: where it is reached, and what it did while the registry was
/// away.</summary>
internal static class QuarantineDuty
{
    /// <summary>This host's quarantine as the last apply wrote it down; null when it has none.</summary>
    public static QuarantinePlace? Place(LocalMachine machine) =>
        new ClusterFiles(machine).Read(QuarantinePlace.Path) is { } text ? QuarantinePlace.Read(text) : null;

    /// <summary>Tells what the registry does not know yet. What cannot be told now is told another time: nothing that a member does waits
    /// for it.</summary>
    public static async Task RunAsync(
        LocalMachine machine,
        LocalNode me,
        ClusterView view,
        ClusterRegistry registry,
        IApplyLog log,
        CancellationToken ct
    )
    {
        if (Place(machine) is not { } place)
            return;
        try
        {
            using (var ledger = QuarantineLedger.TryOpen(machine))
                if (ledger is not null && await TellAsync(ledger, me.Number, registry, ct) is { Length: > 0 } problem)
                    log.Note(problem);
            var (address, port) =
                place.Sharing == "built-in" ? (place.ForwardedAddress, place.ForwardedPort) : (null, QuarantinePlace.SyncPort);
            var known = view.Node(me.Number);
            if (!Equals(known?.SyncAddress, address) || (known?.SyncPort ?? QuarantinePlace.SyncPort) != port)
                await registry.SetSyncPlaceAsync(address, port, ct);
        }
        catch (Exception e) when (e is RegistryException or MachineException)
        {
            log.Note($"the others are not told of this node's quarantine yet: {e.Message}");
        }
    }

    /// <summary>Tells the registry what was done without it. What it does not take stays in the ledger, and keeps nothing else from being
    /// told.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="own">This node's number now. What was done in an earlier life of the host may be in the ledger too.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Why something was not taken; empty when all was.</returns>
    /// <exception cref="RegistryUnreachableException">The registry is away.</exception>
    public static async Task<string> TellAsync(QuarantineLedger ledger, int own, ClusterRegistry registry, CancellationToken ct)
    {
        var problem = "";
        foreach (var (id, claim) in await ledger.UntoldAsync(ct))
        {
            try
            {
                if (await IsTakenAsync(id, claim, own, registry, ct))
                    await ledger.WriteAsync(id, claim with { Untold = false }, ct);
            }
            catch (RegistryException e) when (e is not RegistryUnreachableException)
            {
                problem = $"the registry does not take what was done with {id}: {e.Message}";
            }
        }

        return problem;
    }

    private static async Task<bool> IsTakenAsync(QuarantineId id, LocalClaim claim, int own, ClusterRegistry registry, CancellationToken ct)
    {
        var message = id.ToString();
        if (claim is { Claimed: true, Done: true })
        {
            // False when another has taken it over meanwhile, who then is on record.
            await registry.SettleMessageAsync(
                new MessageClaim(true, message, claim.Action, false, own, "", claim.At, false),
                true,
                "told late, for the registry was away when it was done",
                ct
            );
            return true;
        }

        if (!claim.Done)
        {
            // A deletion may be begun again by anybody. Of a release nobody knows: it is put on record as begun, and its time is over
            // before anybody is told of it.
            if (
                claim.Action == "release"
                && (await registry.ClaimMessageAsync(message, claim.Action, again: false, ClusterRegistry.ShortestClaim, ct)).Granted
            )
                await Task.Delay(ClusterRegistry.ShortestClaim + TimeSpan.FromMilliseconds(50), ct);
            return true;
        }

        if (id.Node == own)
        {
            await registry.TellMessageAsync(message, claim.Action, claim.At, ct);
            return true;
        }

        // Taken and done under another number, before this host joined again. Only when somebody is at it right now it has to wait.
        var late = await registry.ClaimMessageAsync(message, claim.Action, again: true, null, ct);
        if (late.Granted)
            await registry.SettleMessageAsync(
                late,
                true,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"by this host as node {id.Node}, at {claim.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, while the registry was away"
                ),
                ct
            );
        return late.Granted || late.Done;
    }
}

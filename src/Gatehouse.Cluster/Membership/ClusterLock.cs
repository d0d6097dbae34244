using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Membership;

/// <summary>One at a time changes what a host is as a member: a certificate and its key are never from two runs.</summary>
internal static class ClusterLock
{
    private const string Home = "/var/lib/gatehouse/cluster/pki";

    /// <summary>
    /// Takes the lock for who makes this host a member. What follows the cluster may hold it for a while; another run that makes
    /// this host a member is not waited for to its end.
    /// </summary>
    /// <param name="machine">The host.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <param name="patience">How long to wait; two minutes unless given.</param>
    /// <exception cref="SequenceException">Another run holds it.</exception>
    public static async Task<ApplyLock> TakeFirstAsync(LocalMachine machine, CancellationToken ct, TimeSpan? patience = null)
    {
        try
        {
            return await ApplyLock.TakeAsync(machine.Real(Home), patience ?? Timeouts.Joining, ct);
        }
        catch (MachineException e)
        {
            throw new SequenceException(
                ExitCodes.Refused,
                "another gatehouse is starting or joining a cluster on this host right now. Nothing was changed by this one; wait until "
                    + "that is done, then look with 'gatehouse status'.",
                e
            );
        }
    }

    /// <summary>Takes the lock, and waits while another run holds it.</summary>
    public static Task<ApplyLock> TakeAsync(LocalMachine machine, CancellationToken ct) =>
        ApplyLock.TakeAsync(machine.Real(Home), Timeouts.Apply, ct);
}

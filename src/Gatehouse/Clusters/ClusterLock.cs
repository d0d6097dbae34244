using Gatehouse.Machines;

namespace Gatehouse.Clusters;

/// <summary>One at a time changes what a host is as a member: a certificate and its key are never from two runs.</summary>
internal static class ClusterLock
{
    private const string Home = "/var/lib/gatehouse/cluster/pki";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(2);

    /// <summary>Takes the lock to become a member. What follows the cluster may hold it for a while; another run that becomes a member is not waited for to its end.</summary>
    /// <exception cref="SequenceException">Another run holds it.</exception>
    public static async Task<ApplyLock> TakeSoonAsync(LocalMachine machine, CancellationToken ct)
    {
        try
        {
            return await ApplyLock.TakeAsync(machine.Real(Home), Moment, ct);
        }
        catch (MachineException e)
        {
            throw new SequenceException(ExitCodes.Refused, "another gatehouse is making this host a member of a cluster right now; wait until it is done, then look with 'gatehouse status'.", e);
        }
    }

    /// <summary>Takes the lock, and waits while another run holds it.</summary>
    public static Task<ApplyLock> TakeAsync(LocalMachine machine, CancellationToken ct) => ApplyLock.TakeAsync(machine.Real(Home), Patience, ct);
}

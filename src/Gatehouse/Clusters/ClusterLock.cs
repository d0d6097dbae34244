using Gatehouse.Machines;

namespace Gatehouse.Clusters;

/// <summary>One at a time changes what a host is as a member: a certificate and its key are never from two runs.</summary>
internal static class ClusterLock
{
    private const string Home = "/var/lib/gatehouse/cluster/pki";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>Takes the lock, and waits while another run holds it.</summary>
    public static Task<ApplyLock> TakeAsync(LocalMachine machine, CancellationToken ct) => ApplyLock.TakeAsync(machine.Real(Home), Patience, ct);
}

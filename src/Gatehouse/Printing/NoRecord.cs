using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;

namespace Gatehouse.Printing;

/// <summary>Why nothing is known of an apply on a host.</summary>
internal static class NoRecord
{
    /// <summary>In words: nothing was applied yet, or what was applied has lost its records.</summary>
    public static string Words(LocalMachine machine) =>
        File.Exists(machine.Real(AnswersInForce.Path))
            ? $"{machine.Real(AnswersInForce.Path)} exists, but there is no record of an apply (perhaps the package was "
                + "purged). 'gatehouse apply' verifies the current configuration and records it again."
            : "nothing has been applied here yet.";
}

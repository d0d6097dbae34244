using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Clusters;

/// <summary>What follows from a node's profile.</summary>
public static class NodeDuties
{
    /// <summary>Whether the node uses secrets of the cluster, or could become the one that hands them out.</summary>
    /// <param name="profile">The name of its profile.</param>
    public static bool NeedsEncryptionKey(string profile) =>
        Profile.Find(profile)?.Roles.Intersect(["mail", "web", "database", "cache", "mq"]).Any() == true;

    /// <summary>Whether nodes of the profile may have bootstrap duty and issue certificates.</summary>
    /// <param name="profile">The name of a profile.</param>
    public static bool MayIssue(string profile) => PlacementRules.BootstrapProfiles.Contains(profile);
}

using System.Collections.Immutable;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Clusters;

/// <summary>How nodes should be spread, as Baruwa's documentation of clusters asks for; what is said here warns and stops nobody.</summary>
public static class PlacementRules
{
    private static readonly ImmutableArray<string> Backend = ["database", "cache", "mq", "indexer"];

    /// <summary>Profiles that may start a cluster: those that hold its registry.</summary>
    public static ImmutableArray<string> BootstrapProfiles { get; } = ["backend", "database", "full"];

    /// <summary>What is unwise about the nodes there are.</summary>
    /// <param name="nodes">Profile and location of each member; an empty location was not told.</param>
    public static IEnumerable<string> Warnings(IEnumerable<(string Profile, string Location)> nodes)
    {
        var all = nodes.ToArray();
        foreach (var role in Backend)
        {
            var count = all.Count(n => Profile.Find(n.Profile)?.Roles.Contains(role) == true);
            if (count == 1) yield return $"There is one node of type {role}. If it is lost, so is what it holds, until a backup is restored; have three, or five, seven, nine.";
            else if (count > 0 && count % 2 == 0) yield return $"There are {count} nodes of type {role}, an even number: when the network parts them in two halves, neither may go on. Have three, five, seven or nine.";
        }

        var backends = all.Where(n => Profile.Find(n.Profile)?.Roles.Intersect(Backend).Any() == true).ToArray();
        if (backends.Length > 1 && backends[0].Location.Length > 0 && backends.All(n => n.Location == backends[0].Location))
            yield return $"All nodes of the backend stand in one place ({backends[0].Location}): a power failure there takes all of them. Put them in different ones.";
    }
}

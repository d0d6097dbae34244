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
        var all = nodes.Select(n => (Roles: Profile.Find(n.Profile)?.Roles ?? [], n.Location)).ToArray();
        foreach (var role in Backend)
        {
            var count = all.Count(n => n.Roles.Contains(role));
            if (count == 1)
                yield return $"There is one node of type {role}. If it is lost, so is what it holds, until a backup is restored; have "
                    + $"three, or five, seven, nine.";
            else if (count > 0 && count % 2 == 0)
                yield return $"There are {count} nodes of type {role}, an even number: when the network parts them in two halves, neither "
                    + $"may go on. Have three, five, seven or nine.";
        }

        foreach (var (roles, location) in OnePlace(all))
            yield return roles.Length == Backend.Length
                ? $"All nodes of the backend stand in one place ({location}): a power failure there takes all of them. Put them in "
                    + $"different ones."
                : $"All nodes of type {string.Join(", ", roles)} stand in one place ({location}): a power failure there takes all of "
                    + $"them. Put them in different ones.";
    }

    // Types of which several nodes stand in one place and none anywhere else; a single node is told of already. Types on the
    // same nodes are told of at once.
    private static IEnumerable<(string[] Roles, string Location)> OnePlace((ImmutableArray<string> Roles, string Location)[] all)
    {
        var alone = Backend
            .Select(r => (Role: r, Places: all.Where(n => n.Roles.Contains(r)).Select(n => n.Location).ToArray()))
            .Where(r => r.Places.Length > 1 && r.Places[0].Length > 0 && r.Places.All(p => p == r.Places[0]))
            .ToArray();
        return alone.GroupBy(r => r.Places[0], StringComparer.Ordinal).Select(g => (g.Select(r => r.Role).ToArray(), g.Key));
    }

    /// <summary>
    /// What would be better about the front end: with one node of a kind, mail or the web stands still while that one is away.
    /// It is advice, for nothing is lost by it.
    /// </summary>
    /// <param name="nodes">Profile and location of each member.</param>
    public static IEnumerable<string> Advice(IEnumerable<(string Profile, string Location)> nodes)
    {
        var all = nodes.Select(n => Profile.Find(n.Profile)?.Roles ?? []).ToArray();
        foreach (var (role, what) in new[] { ("mail", "mail waits at its senders"), ("web", "the management web is away") })
            if (all.Count(r => r.Contains(role)) == 1)
                yield return $"One node does {role}: while it is away, {what}. A second one mends that; their number does not matter.";
    }
}

using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>What is to happen to a settings version next.</summary>
/// <param name="State">The state it is to get; the one it has while nothing is to happen.</param>
/// <param name="Reason">Why, in words for an administrator.</param>
/// <param name="Awaited">The nodes whose results are missing, by number; empty unless it waits.</param>
public sealed record RolloutDecision(SettingsState State, string Reason, ImmutableArray<int> Awaited);

/// <summary>
/// How settings spread: one node tries a version, the others follow, and when it fails on any of them all go back. A node
/// that is absent holds nothing up, and catches up by itself when it returns.
/// </summary>
public static class Rollout
{
    /// <summary>Decides what happens to a version next.</summary>
    /// <param name="version">The version.</param>
    /// <param name="nodes">The nodes of the cluster; only active ones are waited for, the others take the settings in force when they
    /// come.</param>
    /// <param name="results">What nodes said of this version; results of other versions are passed over.</param>
    /// <param name="absent">The numbers of the nodes that cannot be reached.</param>
    public static RolloutDecision Decide(
        SettingsVersion version,
        IEnumerable<ClusterNode> nodes,
        IEnumerable<SettingsResult> results,
        IReadOnlySet<int> absent
    )
    {
        var said = results.Where(r => r.Version == version.Number).ToDictionary(r => r.Node);
        var names = nodes.ToDictionary(n => n.Number, n => n.Name);
        return version.State switch
        {
            SettingsState.Trying => Try(version, said, names, absent),
            SettingsState.Following => Follow([.. nodes.Where(n => n.State == NodeState.Active).OrderBy(n => n.Number)], said, absent),
            _ => new(version.State, "", []),
        };
    }

    /// <summary>The version that a node is to have: one that it tries itself, else the newest that all are to have. Null before the
    /// first.</summary>
    public static SettingsVersion? Wanted(int node, IEnumerable<SettingsVersion> versions) =>
        versions
            .Where(v => v.State is SettingsState.Good or SettingsState.Following || (v.State == SettingsState.Trying && v.Author == node))
            .MaxBy(v => v.Number);

    private static RolloutDecision Try(
        SettingsVersion version,
        Dictionary<int, SettingsResult> said,
        Dictionary<int, string> names,
        IReadOnlySet<int> absent
    )
    {
        var author = names.GetValueOrDefault(version.Author, $"node {version.Author}");
        if (said.TryGetValue(version.Author, out var result))
        {
            return result.Applied
                ? new(SettingsState.Following, $"verified on {author}", [])
                : new(SettingsState.Withdrawn, $"failed on {author}: {result.Message}", []);
        }

        return absent.Contains(version.Author)
            ? new(SettingsState.Withdrawn, $"{author}, which was to try it first, does not answer", [])
            : new(SettingsState.Trying, $"{author} tries it first", [version.Author]);
    }

    private static RolloutDecision Follow(
        ImmutableArray<ClusterNode> active,
        Dictionary<int, SettingsResult> said,
        IReadOnlySet<int> absent
    )
    {
        var failed = active.Where(n => said.TryGetValue(n.Number, out var r) && !r.Applied).ToArray();
        if (failed.Length > 0)
            return new(SettingsState.Withdrawn, string.Join('\n', failed.Select(n => $"failed on {n.Name}: {said[n.Number].Message}")), []);
        var silent = active.Where(n => !said.ContainsKey(n.Number)).ToArray();
        var awaited = silent.Where(n => !absent.Contains(n.Number)).Select(n => n.Number).ToImmutableArray();
        if (!awaited.IsEmpty)
            return new(SettingsState.Following, $"{active.Length - silent.Length} of {active.Length} nodes have it", awaited);
        return new(
            SettingsState.Good,
            silent.Length == 0 ? "" : $"absent, to catch up later: {string.Join(", ", silent.Select(n => n.Name))}",
            []
        );
    }
}

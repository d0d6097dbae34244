using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Clusters;

/// <summary>
/// A member's answers: the cluster's, overlaid by its own, with what the registry knows of its peers. They go through the
/// same line as any other answers.
/// </summary>
public static class EffectiveAnswers
{
    private const string From = "cluster";

    /// <summary>What no member answers, for the registry knows it: which cluster, which number, and who else is in it.</summary>
    public static ImmutableArray<string> FromRegistry { get; } = ["cluster.name", "cluster.id", "cluster.peers"];

    /// <summary>The answers of a member.</summary>
    /// <param name="cluster">The answers that are the same everywhere.</param>
    /// <param name="node">The answers of this node; they win.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The node's number.</param>
    public static Answers Compose(Answers cluster, Answers node, ClusterView view, int number)
    {
        var values = cluster.Values.SetItems(node.Values);
        values = values
            .SetItem("cluster.name", Text(view.Cluster.Name))
            .SetItem("cluster.id", Text(number.ToString(CultureInfo.InvariantCulture)));
        // Where a node is, is written in the registry: it can move without anybody editing its answers.
        if (view.Node(number) is { } self)
            values = values.SetItem("system.address", Text(self.Address.ToString()));
        // What cannot be clustered ends with the second node of the backend, rather than barring it; the rule is for who turns it on.
        if (view.Members.Count(n => Profile.Find(n.Profile) is { } p && Settings.Members.IsBackend(p)) > 1)
            values = values.Remove("backend.memcached");
        var peers = view.Members.Where(n => n.Number != number).OrderBy(n => n.Number).Select(Peer).ToImmutableArray<Node>();
        return new Answers(From, values.SetItem("cluster.peers", new Sequence(Nowhere, peers)));
    }

    /// <summary>Parts a member's edited answers into those of the cluster and its own.</summary>
    /// <param name="screens">Which questions belong to a node.</param>
    /// <param name="edited">The member's answers after an edit.</param>
    /// <param name="own">Its own answers before: what it answered differently stays its own.</param>
    public static (Answers Cluster, Answers Node) Part(ScreenSet screens, Answers edited, Answers own)
    {
        var known = edited.Values.Where(v => !FromRegistry.Contains(v.Key)).ToArray();
        var nodes = screens
            .Fields.Where(f => f.Scope == FieldScope.Node)
            .Select(f => f.Path)
            .Concat(own.Values.Keys)
            .ToHashSet(StringComparer.Ordinal);
        return (
            new Answers(From, known.Where(v => !nodes.Contains(v.Key)).ToImmutableSortedDictionary(StringComparer.Ordinal)),
            new Answers(From, known.Where(v => nodes.Contains(v.Key)).ToImmutableSortedDictionary(StringComparer.Ordinal))
        );
    }

    private static Origin Nowhere { get; } = new(From, 1, 1);

    private static Scalar Text(string text) => new(Nowhere, text, true);

    private static Mapping Peer(ClusterNode node) =>
        new(
            Nowhere,
            [
                new Entry("name", Nowhere, Text(node.Name)),
                new Entry("address", Nowhere, Text(node.Address.ToString())),
                new Entry("profile", Nowhere, Text(node.Profile)),
                new Entry("id", Nowhere, Text(node.Number.ToString(CultureInfo.InvariantCulture))),
                .. node.Former is { } former ? [new Entry("former", Nowhere, Text(former.ToString()))] : ImmutableArray<Entry>.Empty,
                .. node.SyncPort is { } port
                    ? [new Entry("port", Nowhere, Text(port.ToString(CultureInfo.InvariantCulture)))]
                    : ImmutableArray<Entry>.Empty,
                .. node.SyncAddress is { } forwarded
                    ? [new Entry("forwarded", Nowhere, Text(forwarded.ToString()))]
                    : ImmutableArray<Entry>.Empty,
                .. node.Certificates is { IsEmpty: false } certificates
                    ? [new Entry("certificates", Nowhere, Text(string.Join(' ', certificates)))]
                    : ImmutableArray<Entry>.Empty,
            ]
        );
}

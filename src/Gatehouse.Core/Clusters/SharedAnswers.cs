using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Clusters;

/// <summary>
/// What settings that came from another member may hold. They carry values. A path is each node's own answer: by one from elsewhere
/// a member could have the others read a file of theirs, and send it to where its settings say.
/// </summary>
public static class SharedAnswers
{
    private const string Path = "path";

    /// <summary>What is wrong with the cluster's answers on a node, a sentence each.</summary>
    /// <param name="screens">What is asked.</param>
    /// <param name="cluster">The cluster's answers, as a member proposed them.</param>
    /// <param name="own">The node's own answers. They win, so what stands beside them in the cluster's does nothing.</param>
    public static ImmutableArray<string> Refusals(ScreenSet screens, Answers cluster, Answers own) =>
        [
            .. screens
                .Fields.Where(f => !own.Values.ContainsKey(f.Path))
                .Select(f => cluster[f.Path] is { } given ? Refusal(f, given) : null)
                .OfType<string>(),
        ];

    /// <summary>
    /// The paths that are in force on a node. They stay its own answers until it gives others: an older release filed some of them with
    /// the cluster's.
    /// </summary>
    /// <param name="screens">What is asked.</param>
    /// <param name="inForce">The answers in force on it.</param>
    public static IEnumerable<KeyValuePair<string, Node>> Paths(ScreenSet screens, Answers inForce) =>
        inForce.Values.Where(v => screens.Fields.Any(f => f.Path == v.Key && f.Kind.Name == Path));

    private static string? Refusal(Field field, Node given) =>
        (field, given) switch
        {
            ({ Kind.IsSecret: true }, Mapping { Entries: [{ Key: "sealed" or "hash" or "generate" }] })
            or ({ Kind.IsSecret: true }, Scalar) => null,
            ({ Kind.IsSecret: true }, _) => $"{field.Path} is to be read from this host; in a cluster's settings a password travels sealed",
            ({ Kind.Name: Path }, _) => $"{field.Path} names a file of this host, which only its own answers may do",
            ({ Scope: FieldScope.Node }, _) => $"{field.Path} is each node's own answer",
            _ => null,
        };
}

using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Yaml;

namespace Gatehouse.Core.Clusters;

/// <summary>
/// What an answer that a cluster's settings lack means there. A question that a later release added has a default for new clusters;
/// a cluster that is older keeps what it has run until then. New settings always hold these answers, so that one that is missing
/// tells the age of the settings.
/// </summary>
public static class FormerDefaults
{
    private static readonly ImmutableArray<Row> Rows =
    [
        // Release 0.1 ran RabbitMQ on every node of the message queue, unless an external one was named.
        new("backend.message_queue", "false", a => a.Values.ContainsKey("backend.queue") ? "false" : "true"),
    ];

    // Path, the default of today, and what the settings of an older release meant.
    private sealed record Row(string Path, string Now, Func<Answers, string> Before);

    /// <summary>A cluster's settings as they were meant.</summary>
    /// <param name="cluster">The settings, as the registry holds them.</param>
    public static Answers Meant(Answers cluster) => Rows.Aggregate(cluster, (answers, row) => With(answers, row.Path, row.Before(cluster)));

    /// <summary>
    /// Settings for the registry: with the default of today where an answer is missing. What the settings in force lack stays missing
    /// while it keeps its meaning, because a member of the older release does not know the question.
    /// </summary>
    /// <param name="cluster">The cluster's part of what was answered.</param>
    /// <param name="before">The settings in force; null for a new cluster.</param>
    public static Answers Stated(Answers cluster, Answers? before) =>
        Rows.Aggregate(
            cluster,
            (answers, row) =>
                before is null || before.Values.ContainsKey(row.Path) ? With(answers, row.Path, row.Now)
                : answers.Text(row.Path) == row.Before(before) ? answers with { Values = answers.Values.Remove(row.Path) }
                : answers
        );

    private static Answers With(Answers answers, string path, string text) =>
        answers.Values.ContainsKey(path)
            ? answers
            : answers with
            {
                Values = answers.Values.SetItem(path, new Scalar(new Origin("cluster", 1, 1), text, false)),
            };
}

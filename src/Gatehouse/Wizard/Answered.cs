using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Values;
using Gatehouse.Core.Wizard;

namespace Gatehouse.Wizard;

/// <summary>The answers at the moment when somebody looked what would come of them.</summary>
/// <param name="Answers">The answers, as a file would hold them.</param>
/// <param name="Secrets">Typed passwords by the file that the answers name.</param>
/// <param name="Texts">What stood in the fields of the task's own screens, by path; a join code among them.</param>
internal sealed record Answered(
    Answers Answers,
    ImmutableArray<(string File, Secret Secret)> Secrets,
    ImmutableDictionary<string, string> Texts
)
{
    /// <summary>Takes them from an interview.</summary>
    public static Answered Of(Interview interview) =>
        new(
            interview.Answers,
            [.. interview.Secrets],
            interview
                .Screens.Where(s => s.Task.Length > 0)
                .SelectMany(s => s.Fields)
                .ToImmutableDictionary(f => f.Path, interview.Text, StringComparer.Ordinal)
        );

    /// <summary>What stood in a field of the task's own screens.</summary>
    public string Text(string path) => Texts[path].Trim();

    /// <inheritdoc/>
    public override string ToString() => $"{Answers.Values.Count} answers";
}

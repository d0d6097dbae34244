using System.Collections.Immutable;

namespace Gatehouse.Core.Planning;

/// <summary>What was edited by hand since a generation, as a generation of its own that a rollback can go back to.</summary>
public static class HandEdits
{
    /// <summary>The generation in force as it was found, with its edits; null when there are none.</summary>
    /// <param name="current">The generation in force.</param>
    /// <param name="puts">What is about to be changed.</param>
    /// <param name="number">The number it gets.</param>
    /// <param name="now">The time.</param>
    public static Generation? Of(Generation current, ImmutableArray<PutEntry> puts, int number, DateTimeOffset now)
    {
        var edited = puts.Where(p => p.Edited).ToDictionary(p => p.Entry.Path, p => p.Before, StringComparer.Ordinal);
        if (edited.Count == 0)
            return null;
        return current with
        {
            Number = number,
            Time = now,
            State = GenerationState.Edited,
            Reason = $"edited by hand since {current.Number}",
            By = "",
            Node = current.Node with
            {
                Entries =
                [
                    .. current.Node.Entries.Select(e =>
                        edited.TryGetValue(e.Path, out var s)
                            ? e with
                            {
                                Kind = s.Kind,
                                Owner = s.Owner,
                                Hash = s.Hash,
                                Target = s.Target,
                            }
                            : e
                    ),
                ],
            },
            PathsBefore = [],
            UnitsBefore = [],
            Summary = [.. edited.Keys.Order(StringComparer.Ordinal).Select(p => $"{p} was edited by hand")],
        };
    }

    /// <summary>Whether a generation holds the same edits already: a failed apply that is run again makes no second one.</summary>
    public static bool AreSame(Generation one, Generation other) =>
        one.State == GenerationState.Edited && one.Node.Entries.SequenceEqual(other.Node.Entries);
}

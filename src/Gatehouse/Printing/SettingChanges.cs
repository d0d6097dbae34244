using System.Collections.Immutable;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Machines;

namespace Gatehouse.Printing;

/// <summary>Which settings a generation changed, from the answers that it and the one before it were made of.</summary>
/// <param name="store">The history.</param>
/// <param name="screens">What is asked.</param>
internal sealed class SettingChanges(GenerationStore store, ScreenSet screens)
{
    private readonly Dictionary<string, Answers?> read = new(StringComparer.Ordinal);

    /// <summary>The changes against the generation that was in force before; null when either has no answers to compare.</summary>
    public async Task<ImmutableArray<AnswerChange>?> OfAsync(Generation generation, ImmutableArray<Generation> all, CancellationToken ct)
    {
        var before = all.LastOrDefault(g => g.IsGood && g.Number < generation.Number);
        return before is not null && await AnswersAsync(before, ct) is { } was && await AnswersAsync(generation, ct) is { } now
            ? AnswerChanges.Of(was, now, screens)
            : null;
    }

    private async Task<Answers?> AnswersAsync(Generation generation, CancellationToken ct)
    {
        if (generation.Node.Entries.FirstOrDefault(e => e.Path == AnswersInForce.Path && e.Kind == EntryKind.File) is not { } entry)
            return null;
        if (read.TryGetValue(entry.Hash, out var known))
            return known;
        try
        {
            return read[entry.Hash] = AnswerFile.Read(
                AnswersInForce.Path,
                (await store.ContentAsync(entry.Hash, ct)).Bytes.Span,
                screens,
                new Report()
            );
        }
        catch (MachineException)
        {
            // The content of a failed generation is forgotten with its record; the history is told without it.
            return read[entry.Hash] = null;
        }
    }
}

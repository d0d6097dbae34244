using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>Generation 0: every path and unit as it was before Gatehouse first touched it. Rolling back to it undoes everything but
/// packages.</summary>
internal static class Original
{
    public static Generation Empty(DateTimeOffset now, string reason) =>
        new()
        {
            Number = 0,
            Time = now,
            State = GenerationState.Original,
            Reason = reason,
            Node = new RenderedNode
            {
                Packages = [],
                Entries = [],
                Members = [],
                Reactions = [],
                Units = [],
                Checks = [],
                Verifications = [],
                Overridden = [],
            },
            PathsBefore = [],
            UnitsBefore = [],
            Summary = [],
        };

    /// <summary>
    /// Adds what a node names for the first time; the same record when it names nothing new. What is as the node asks already
    /// belongs to it as well: a rollback would otherwise take it away with the rest.
    /// </summary>
    public static Generation Grow(Generation original, RenderedNode node, ImmutableArray<PutEntry> puts, ImmutableArray<UnitBefore> units)
    {
        var knownPaths = original.Node.Entries.Select(e => e.Path).ToHashSet(StringComparer.Ordinal);
        var knownUnits = original.Node.Units.Select(u => u.Unit.Name).ToHashSet(StringComparer.Ordinal);
        // Directories that Gatehouse made stay, as they do when a later generation drops them: others may have put files there.
        var entries = puts.Where(p =>
                !knownPaths.Contains(p.Entry.Path) && p is not { Entry.Kind: EntryKind.Directory, Before.Kind: EntryKind.Absent }
            )
            .Select(p => Entry(p))
            .ToImmutableArray();
        var put = puts.Select(p => p.Entry.Path).ToHashSet(StringComparer.Ordinal);
        entries =
        [
            .. entries,
            .. node
                .Entries.Where(e => e.Kind is EntryKind.File or EntryKind.Link && !knownPaths.Contains(e.Path) && !put.Contains(e.Path))
                .Select(e => e with { Secret = true, Keeps = Before(e.Keeps, e.Kind), OnlyWith = "" }),
        ];
        // Like the node's own: a unit that ran before takes its old files over when they are back.
        var inputs = node
            .Units.DistinctBy(u => u.Unit.Name)
            .ToDictionary(u => u.Unit.Name, u => u.Unit.Restart.AddRange(u.Unit.Reload), StringComparer.Ordinal);
        var added = units
            .Where(u => !knownUnits.Contains(u.Unit))
            .Select(u => new RenderedUnit("", new ComponentUnit(u.Unit, u.State.Active, inputs.GetValueOrDefault(u.Unit, []), [], "")))
            .ToImmutableArray();
        if (entries.IsEmpty && added.IsEmpty)
            return original;
        return original with
        {
            Node = original.Node with { Entries = [.. original.Node.Entries, .. entries], Units = [.. original.Node.Units, .. added] },
        };
    }

    private static RenderedEntry Entry(PutEntry put) =>
        new(
            put.Entry.Component,
            put.Before.Kind,
            put.Entry.Path,
            put.Before.Owner,
            put.Before.Hash,
            put.Before.Target,
            true,
            Before(put.Entry.Keeps, put.Before.Kind)
        );

    // Lines that are added to a shared file later are kept when it becomes what it was.
    private static string Before(string keeps, EntryKind kind) => keeps.Length > 0 && kind == EntryKind.File ? OwnLines.Before + keeps : "";
}

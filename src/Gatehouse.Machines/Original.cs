using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>Generation 0: every path and unit as it was before Gatehouse first touched it. Rolling back to it undoes everything but packages.</summary>
internal static class Original
{
    public static Generation Empty(DateTimeOffset now) => new()
    {
        Number = 0,
        Time = now,
        State = GenerationState.Original,
        Reason = "before gatehouse",
        Node = new RenderedNode { Packages = [], Entries = [], Members = [], Reactions = [], Units = [], Checks = [], Verifications = [], Overridden = [] },
        PathsBefore = [],
        UnitsBefore = [],
        Summary = [],
    };

    /// <summary>Adds what is about to be touched for the first time; the same record when nothing is.</summary>
    public static Generation Grow(Generation original, ImmutableArray<PutEntry> puts, ImmutableArray<UnitBefore> units)
    {
        var knownPaths = original.Node.Entries.Select(e => e.Path).ToHashSet(StringComparer.Ordinal);
        var knownUnits = original.Node.Units.Select(u => u.Unit.Name).ToHashSet(StringComparer.Ordinal);
        // Directories that Gatehouse made stay, as they do when a later generation drops them: others may have put files there.
        var entries = puts.Where(p => !knownPaths.Contains(p.Entry.Path) && p is not { Entry.Kind: EntryKind.Directory, Before.Kind: EntryKind.Absent }).Select(p => Entry(p)).ToImmutableArray();
        var added = units.Where(u => !knownUnits.Contains(u.Unit)).Select(u => new RenderedUnit("", new ComponentUnit(u.Unit, u.State.Active, [], [], ""))).ToImmutableArray();
        if (entries.IsEmpty && added.IsEmpty) return original;
        return original with { Node = original.Node with { Entries = [.. original.Node.Entries, .. entries], Units = [.. original.Node.Units, .. added] } };
    }

    private static RenderedEntry Entry(PutEntry put) => new(put.Entry.Component, put.Before.Kind, put.Entry.Path, put.Before.Owner, put.Before.Hash, put.Before.Target, true);
}

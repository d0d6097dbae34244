using System.Collections.Immutable;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Core.Planning;

/// <summary>Compares what a node is to have with what it has.</summary>
public static class Planner
{
    private const string UnitFiles = "/etc/systemd/system/";

    /// <summary>
    /// Plans the way from the actual state to the rendered one. An empty plan means that nothing differs; checks and
    /// verifications are part of a plan only when something else is.
    /// </summary>
    /// <param name="last">The generation in force; null before the first.</param>
    /// <param name="actual">What there is, for all paths of both.</param>
    /// <param name="node">What there is to be.</param>
    public static Plan Plan(Generation? last, ActualState actual, RenderedNode node)
    {
        var puts = Puts(last, actual, node).ToImmutableArray();
        var changed = puts.Select(p => p.Entry.Path).ToImmutableArray();
        var steps = ImmutableArray.CreateBuilder<Step>();
        if (!actual.MissingPackages.IsEmpty)
            steps.Add(new InstallPackages(actual.MissingPackages));
        steps.AddRange(puts);
        if (actual.HasUnits)
        {
            steps.AddRange(actual.MissingMembers.Select(m => new AddMember(m)));
            steps.AddRange(Services(last, actual, node, changed, Redefined(puts)));
        }

        if (steps.Count == 0)
            return new Plan([]);
        var components = puts.Select(p => p.Entry.Component).ToHashSet(StringComparer.Ordinal);
        steps.AddRange(node.Checks.Where(c => components.Contains(c.Component)).Select(c => new RunCheck(c)));
        if (actual.HasUnits)
            steps.AddRange(node.Verifications.Select(v => new RunVerification(v)));
        return new Plan([.. steps.OrderBy(s => s.Phase)]);
    }

    /// <summary>Paths whose content, owner or mode is not what the generation in force left there.</summary>
    public static ImmutableArray<(RenderedEntry Entry, PathState Actual)> Drift(Generation last, ActualState actual) =>
        [.. last.Node.Entries.Select(e => (Entry: e, Actual: actual.At(e.Path))).Where(d => !d.Actual.Fulfils(d.Entry))];

    private static IEnumerable<PutEntry> Puts(Generation? last, ActualState actual, RenderedNode node)
    {
        var left = last?.Node.Entries.ToDictionary(e => e.Path, StringComparer.Ordinal) ?? [];
        foreach (var entry in node.Entries)
        {
            var before = actual.At(entry.Path);
            if (!before.Fulfils(entry))
                yield return new PutEntry(entry, before, left.TryGetValue(entry.Path, out var mine) && !before.Fulfils(mine));
        }

        // What an earlier generation put there and this one does not ask for any more goes, deepest first; directories stay.
        var wanted = node.Entries.Select(e => e.Path).ToHashSet(StringComparer.Ordinal);
        foreach (
            var old in left
                .Values.Where(e => e.Kind is EntryKind.File or EntryKind.Link && !wanted.Contains(e.Path))
                .OrderByDescending(e => e.Path, StringComparer.Ordinal)
        )
        {
            var before = actual.At(old.Path);
            if (before.Kind is EntryKind.File or EntryKind.Link)
                yield return new PutEntry(old with { Kind = EntryKind.Absent, Hash = "", Target = "" }, before, !before.Fulfils(old));
        }
    }

    private static IEnumerable<Step> Services(
        Generation? last,
        ActualState actual,
        RenderedNode node,
        ImmutableArray<string> changed,
        ImmutableHashSet<string> redefined
    )
    {
        foreach (var reaction in Reactions(last, node).Where(r => Touched(r.On, changed).Any()))
            yield return new RunReaction(reaction);
        // Units that the last generation ran and this one does not name stop, as if they were named so.
        var named = node.Units.Select(u => u.Unit.Name).ToHashSet(StringComparer.Ordinal);
        var dropped = (last?.Node.Units ?? []).Where(u => !named.Contains(u.Unit.Name)).Select(u => u.Unit with { Running = false });
        var actions = dropped.Concat(node.Units.Select(u => u.Unit)).SelectMany(u => UnitSteps(u, actual, changed, redefined)).ToArray();
        // All are enabled before systemd reads its unit files, once: on a small host each reading takes a second.
        var enabled = actions.Where(a => a.Verb == UnitVerb.Enable).ToArray();
        foreach (var action in enabled)
            yield return action;
        var unitFiles = Touched([UnitFiles], changed).ToImmutableArray();
        if (!unitFiles.IsEmpty || enabled.Length > 0)
            yield return new UnitAction(UnitVerb.DaemonReload, "", unitFiles);
        foreach (var action in actions.Where(a => a.Verb != UnitVerb.Enable))
            yield return action;
    }

    // What took a file over when it was put there takes it over when it is as before again (the running host name), unless it is gone.
    private static IEnumerable<Reaction> Reactions(Generation? last, RenderedNode node)
    {
        var files = node.Entries.Where(e => e.Kind == EntryKind.File).Select(e => e.Path).ToArray();
        var own = node.Reactions.Select(r => string.Join(' ', r.Run)).ToHashSet(StringComparer.Ordinal);
        return node.Reactions.Concat(
            (last?.Node.Reactions ?? []).Where(r => !own.Contains(string.Join(' ', r.Run)) && Touched(r.On, [.. files]).Any())
        );
    }

    // Units whose own unit file comes or goes: until then, or from then on, Debian's unit or init script defines them.
    private static ImmutableHashSet<string> Redefined(ImmutableArray<PutEntry> puts) =>
        [
            .. puts.Where(p => p.Before.Kind == EntryKind.Absent || p.Entry.Kind == EntryKind.Absent)
                .Where(p => p.Entry.Path.StartsWith(UnitFiles, StringComparison.Ordinal))
                .Select(p => p.Entry.Path[UnitFiles.Length..]),
        ];

    private static IEnumerable<UnitAction> UnitSteps(
        ComponentUnit unit,
        ActualState actual,
        ImmutableArray<string> changed,
        ImmutableHashSet<string> redefined
    )
    {
        var state = actual.Units.GetValueOrDefault(unit.Name, new UnitState(false, false, false));
        if (!unit.Running)
        {
            if (state.Active)
                yield return new UnitAction(UnitVerb.Stop, unit.Name, []);
            if (state is { Known: true, Enabled: true })
                yield return new UnitAction(UnitVerb.Disable, unit.Name, []);
            yield break;
        }

        if (!state.Enabled)
            yield return new UnitAction(UnitVerb.Enable, unit.Name, []);
        var restart = Touched(unit.Restart, changed).ToImmutableArray();
        var reload = Touched(unit.Reload, changed).ToImmutableArray();
        if (!state.Active)
            yield return new UnitAction(UnitVerb.Start, unit.Name, []);
        else if (redefined.Contains(unit.Name))
        {
            // By the definition that started it: systemd would not end the processes of an init script under another one.
            yield return new UnitAction(UnitVerb.Stop, unit.Name, []);
            yield return new UnitAction(UnitVerb.Start, unit.Name, []);
        }
        else if (!restart.IsEmpty || actual.MissingMembers.Any(m => m.Unit == unit.Name))
            yield return new UnitAction(UnitVerb.Restart, unit.Name, restart);
        else if (!reload.IsEmpty)
            yield return new UnitAction(UnitVerb.Reload, unit.Name, reload);
    }

    private static IEnumerable<string> Touched(ImmutableArray<string> patterns, ImmutableArray<string> changed) =>
        changed.Where(c => patterns.Any(p => p.EndsWith('/') ? c.StartsWith(p, StringComparison.Ordinal) : c == p));
}

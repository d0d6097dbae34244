using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>
/// Puts back what a generation changed: units it started stop, files return, units that ran before run with them. What it had
/// not come to stays as it is, and so does what somebody has mended meanwhile.
/// </summary>
internal sealed class WayBack(IMachine machine, IApplyLog log)
{
    // Room for the old files is kept free from before the first change, so that a full disk cannot bar the way back.
    private const string Reserve = GenerationStore.Home + "/reserve";
    private const int Spare = 256 * 1024;
    private readonly UnitControl units = new(machine);

    /// <summary>Takes up the room that going back would need.</summary>
    public ValueTask ReserveAsync(long size, CancellationToken ct)
    {
        var ballast = new byte[size + Spare];
        ballast.AsSpan().Fill(0xA5);
        return machine.WriteAsync(Reserve, new Item(EntryKind.File, Core.Values.Ownership.Private, new FileContent(ballast)), ct);
    }

    /// <summary>Gives the room free again.</summary>
    public ValueTask ReleaseAsync(CancellationToken ct) => machine.RemoveAsync(Reserve, ct);

    /// <summary>Goes back. Every part may have been done already: going twice is going once.</summary>
    /// <returns>In words, what was left as it is, because it is neither as the generation made it nor as it was before.</returns>
    /// <exception cref="MachineException">Something cannot be put back; what could be was.</exception>
    public async Task<ImmutableArray<string>> GoAsync(Generation generation, GenerationStore store, CancellationToken ct)
    {
        await ReleaseAsync(ct);
        var problems = new List<string>();
        var booting = machine.IsLive && await units.IsBootingAsync(ct);
        var touched = machine.IsLive ? await TouchedAsync(generation, booting, ct) : [];
        foreach (var unit in touched.Reverse())
            await StopAsync(generation, unit, booting, problems, ct);
        var left = new List<string>();
        var written = false;
        foreach (var path in generation.PathsBefore.Reverse())
            written |= await RestoreAsync(generation, path, store, problems, left, ct);
        if (machine.IsLive && (written || generation.Touched is not { IsEmpty: true }))
            await RestartAsync(generation, touched, booting, problems, ct);
        foreach (var line in left)
            log.Note(line);
        if (problems.Count > 0)
            throw new MachineException(string.Join('\n', problems.Concat(left)));
        return [.. left];
    }

    // A unit that the generation had not come to runs as it ran before, with the files that it read then. After a boot that did
    // not go back, all of them have read what was half done.
    private async Task<ImmutableArray<UnitBefore>> TouchedAsync(Generation generation, bool booting, CancellationToken ct)
    {
        if (generation.Touched is not { } touched || (!booting && await Boot.IdAsync(machine, ct) != generation.Boot))
            return generation.UnitsBefore;
        return [.. generation.UnitsBefore.Where(u => touched.Contains(u.Unit))];
    }

    private async Task StopAsync(Generation generation, UnitBefore unit, bool booting, List<string> problems, CancellationToken ct)
    {
        var (name, before) = (unit.Unit, unit.State);
        // A unit whose own unit file goes with this is stopped while systemd still knows how.
        if (
            before.Active
            && !booting
            && generation.PathsBefore.Any(p => p.Path == $"/etc/systemd/system/{name}" && p.State.Kind == EntryKind.Absent)
        )
            await TryAsync(UnitVerb.Stop, name, problems, false, ct);
        if (!before.Active && !booting)
        {
            await TryAsync(UnitVerb.Stop, name, problems, before.Known, ct);
            // One that failed under our configuration is not left marked as failed.
            await machine.RunAsync(Invocation.Of("systemctl", "--quiet", "reset-failed", "--", name), null, ct);
        }

        if (!before.Enabled)
            await TryAsync(UnitVerb.Disable, name, problems, false, ct);
        // At boot it is about to start already: systemd knew it as enabled when the boot began. Waiting for it would be waiting for
        // ourselves.
        if (booting && !(before.Active && before.Enabled))
            await machine.RunAsync(Invocation.Of("systemctl", "--quiet", "stop", "--no-block", "--", name), null, ct);
    }

    // Whether anything was written.
    private async Task<bool> RestoreAsync(
        Generation generation,
        PathBefore path,
        GenerationStore store,
        List<string> problems,
        List<string> left,
        CancellationToken ct
    )
    {
        var before = path.State;
        try
        {
            // A write that was cut off may have left its half-made item, and it may hold secrets.
            await machine.RemoveAsync(LocalMachine.Temporary(path.Path), ct);
            var now = await machine.StatAsync(path.Path, ct);
            if (IsSame(now, before))
                return false;
            if (!IsOfRun(now, before, generation.Node.Entries.FirstOrDefault(e => e.Path == path.Path)))
            {
                left.Add(
                    $"{path.Path} is neither as generation {generation.Number} wrote it nor as it was before; it has been "
                        + "changed since, so it is not restored."
                );
                return false;
            }

            switch (before.Kind)
            {
                case EntryKind.Absent:
                    await RemoveAsync(path.Path, ct);
                    break;
                case EntryKind.File:
                    await machine.WriteAsync(
                        path.Path,
                        new Item(EntryKind.File, before.Owner, await store.ContentAsync(before.Hash, ct)),
                        ct
                    );
                    break;
                default:
                    await machine.WriteAsync(path.Path, new Item(before.Kind, before.Owner, null, before.Target), ct);
                    break;
            }

            return true;
        }
        catch (MachineException e)
        {
            problems.Add($"{path.Path} cannot be restored: {e.Message}");
            return false;
        }
    }

    private bool IsSame(PathState now, PathState before) =>
        now.Kind == before.Kind
        && now.Hash == before.Hash
        && now.Target == before.Target
        && (now.Kind is EntryKind.Absent or EntryKind.Link || IsSame(now.Owner, before.Owner));

    // Owners of a tree need not exist on this machine.
    private bool IsSame(Core.Values.Ownership one, Core.Values.Ownership other) => machine.IsLive ? one == other : one.Mode == other.Mode;

    // No entry: the generation took away what an earlier one had put there.
    private bool IsOfRun(PathState now, PathState before, RenderedEntry? entry)
    {
        if (entry is null || now.Kind != entry.Kind)
            return now.Kind == EntryKind.Absent && (entry is null || entry.Kind == EntryKind.Absent);
        return entry.Kind switch
        {
            EntryKind.File => now.Hash == entry.Hash && IsSame(now.Owner, entry.Owner),
            EntryKind.Link => now.Target == entry.Target,
            // Made, given to its owner and given its mode one after another: a kill in between leaves something of both.
            EntryKind.Directory => before.Kind == EntryKind.Absent || IsBetween(now.Owner, before.Owner, entry.Owner),
            _ => true,
        };
    }

    private bool IsBetween(Core.Values.Ownership now, Core.Values.Ownership before, Core.Values.Ownership after) =>
        (now.Mode == before.Mode || now.Mode == after.Mode)
        && (
            !machine.IsLive
            || ((now.User == before.User || now.User == after.User) && (now.Group == before.Group || now.Group == after.Group))
        );

    // A directory that something has been put into meanwhile stays: what is in it is not ours to delete.
    private async Task RemoveAsync(string path, CancellationToken ct)
    {
        var now = await machine.StatAsync(path, ct);
        if (now.Kind == EntryKind.Directory && (await machine.ListAsync(path, ct)).Length > 0)
            return;
        await machine.RemoveAsync(path, ct);
    }

    private async Task RestartAsync(
        Generation generation,
        ImmutableArray<UnitBefore> touched,
        bool booting,
        List<string> problems,
        CancellationToken ct
    )
    {
        var paths = generation.PathsBefore.Select(p => p.Path).ToHashSet(StringComparer.Ordinal);
        await TryAsync(UnitVerb.DaemonReload, "", problems, true, ct);
        foreach (var reaction in generation.Node.Reactions.Where(r => r.On.Any(paths.Contains)))
            await machine.RunAsync(new Invocation(reaction.Run), null, ct);
        foreach (var (unit, before) in touched.Select(u => (u.Unit, u.State)))
        {
            if (before.Known && before.Enabled)
                await TryAsync(UnitVerb.Enable, unit, problems, false, ct);
            if (before.Active && !booting)
                await TryAsync(UnitVerb.Restart, unit, problems, true, ct);
        }
    }

    private async Task TryAsync(UnitVerb verb, string unit, List<string> problems, bool matters, CancellationToken ct)
    {
        try
        {
            await units.RunAsync(new UnitAction(verb, unit, []), ct);
        }
        catch (MachineException e) when (matters)
        {
            problems.Add(e.Message);
        }
        catch (MachineException e)
        {
            // A unit that is not there any more needs no stopping.
            log.Line(e.Message.Split('\n')[0]);
        }
    }
}

using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>Puts back what a generation changed: units it started stop, files return, units that ran before run with them.</summary>
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
    /// <exception cref="MachineException">Something cannot be put back; what could be was.</exception>
    public async Task GoAsync(Generation generation, GenerationStore store, CancellationToken ct)
    {
        await ReleaseAsync(ct);
        var problems = new List<string>();
        var booting = machine.IsLive && await units.IsBootingAsync(ct);
        if (machine.IsLive)
        {
            foreach (var (unit, before) in generation.UnitsBefore.Reverse().Select(u => (u.Unit, u.State)))
            {
                if (!before.Active && !booting) await TryAsync(UnitVerb.Stop, unit, problems, before.Known, ct);
                if (!before.Enabled) await TryAsync(UnitVerb.Disable, unit, problems, false, ct);
            }
        }

        foreach (var path in generation.PathsBefore.Reverse()) await RestoreAsync(path, store, problems, ct);
        if (machine.IsLive) await RestartAsync(generation, booting, problems, ct);
        if (problems.Count > 0) throw new MachineException(string.Join('\n', problems));
    }

    private async Task RestoreAsync(PathBefore path, GenerationStore store, List<string> problems, CancellationToken ct)
    {
        var before = path.State;
        try
        {
            switch (before.Kind)
            {
                case EntryKind.Absent:
                    await RemoveAsync(path.Path, ct);
                    break;
                case EntryKind.File:
                    await machine.WriteAsync(path.Path, new Item(EntryKind.File, before.Owner, await store.ContentAsync(before.Hash, ct)), ct);
                    break;
                default:
                    await machine.WriteAsync(path.Path, new Item(before.Kind, before.Owner, null, before.Target), ct);
                    break;
            }
        }
        catch (MachineException e)
        {
            // What cannot be written was perhaps never changed: that is why the apply failed.
            if (await machine.StatAsync(path.Path, ct) != before) problems.Add(e.Message);
        }
    }

    // A directory that something has been put into meanwhile stays: what is in it is not ours to delete.
    private async Task RemoveAsync(string path, CancellationToken ct)
    {
        var now = await machine.StatAsync(path, ct);
        if (now.Kind == EntryKind.Directory && (await machine.ListAsync(path, ct)).Length > 0) return;
        await machine.RemoveAsync(path, ct);
    }

    private async Task RestartAsync(Generation generation, bool booting, List<string> problems, CancellationToken ct)
    {
        var paths = generation.PathsBefore.Select(p => p.Path).ToHashSet(StringComparer.Ordinal);
        await TryAsync(UnitVerb.DaemonReload, "", problems, true, ct);
        foreach (var reaction in generation.Node.Reactions.Where(r => r.On.Any(paths.Contains)))
            await machine.RunAsync(new Invocation(reaction.Run), null, ct);
        foreach (var (unit, before) in generation.UnitsBefore.Select(u => (u.Unit, u.State)))
        {
            if (before.Known && before.Enabled) await TryAsync(UnitVerb.Enable, unit, problems, false, ct);
            if (before.Active && !booting) await TryAsync(UnitVerb.Restart, unit, problems, true, ct);
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

using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>Looks at the parts of a machine that a plan is about.</summary>
public static class ActualProbe
{
    /// <summary>Looks at every path, package, membership and unit that the node or the last generation names.</summary>
    public static async ValueTask<ActualState> LookAsync(IMachine machine, RenderedNode node, Generation? last, CancellationToken ct)
    {
        var paths = ImmutableDictionary.CreateBuilder<string, PathState>(StringComparer.Ordinal);
        var owners = node.Entries.ToDictionary(e => e.Path, e => e.Owner, StringComparer.Ordinal);
        foreach (var path in node.Entries.Concat(last?.Node.Entries ?? []).Select(e => e.Path).Distinct(StringComparer.Ordinal))
        {
            var state = await machine.StatAsync(path, ct);
            // In a tree, owners may not exist on this machine; what was asked for counts as there.
            if (!machine.IsLive && owners.TryGetValue(path, out var owner))
                state = state with { Owner = state.Owner with { User = owner.User, Group = owner.Group } };
            paths[path] = state;
        }

        if (!machine.IsLive)
            return new ActualState(paths.ToImmutable(), [], [], ImmutableDictionary<string, UnitState>.Empty, false);
        var packages = MissingPackagesAsync(machine, node, ct);
        var units = UnitsAsync(
            machine,
            [.. node.Units.Concat(last?.Node.Units ?? []).Select(u => u.Unit.Name).Distinct(StringComparer.Ordinal)],
            ct
        );
        return new ActualState(paths.ToImmutable(), await packages, await MissingMembersAsync(machine, node, ct), await units, true);
    }

    /// <summary>The state of units, by one question to systemd.</summary>
    public static async ValueTask<ImmutableDictionary<string, UnitState>> UnitsAsync(
        IMachine machine,
        ImmutableArray<string> names,
        CancellationToken ct
    )
    {
        var states = ImmutableDictionary.CreateBuilder<string, UnitState>(StringComparer.Ordinal);
        if (names.IsEmpty)
            return states.ToImmutable();
        var command = new Invocation(["systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", "--", .. names]);
        var result = await machine.RunAsync(command, null, ct);
        if (!result.Succeeded)
            throw MachineException.Of(command, result);
        // One block a unit, in the order asked; a name of another unit (alias) is answered under its real name.
        var blocks = result.Output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < names.Length && i < blocks.Length; i++)
            states[names[i]] = ParseUnit(blocks[i]);
        return states.ToImmutable();
    }

    private static UnitState ParseUnit(string block)
    {
        var properties = block
            .Split('\n')
            .Select(l => l.Split('=', 2))
            .Where(p => p.Length == 2)
            .ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        var load = properties.GetValueOrDefault("LoadState", "");
        var active = properties.GetValueOrDefault("ActiveState", "");
        var file = properties.GetValueOrDefault("UnitFileState", "");
        return new UnitState(
            load == "loaded",
            active is "active" or "activating" or "reloading",
            file is "enabled" or "static" or "alias" or "indirect" or "enabled-runtime"
        );
    }

    private static async ValueTask<ImmutableArray<string>> MissingPackagesAsync(IMachine machine, RenderedNode node, CancellationToken ct)
    {
        if (node.Packages.IsEmpty)
            return [];
        var result = await machine.RunAsync(
            new Invocation(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", "--", .. node.Packages]),
            null,
            ct
        );
        var installed = result
            .Output.Split('\n')
            .Select(l => l.Split(' '))
            .Where(w => w is [_, "installed"])
            .Select(w => w[0])
            .ToHashSet(StringComparer.Ordinal);
        return [.. node.Packages.Where(p => !installed.Contains(p))];
    }

    private static async ValueTask<ImmutableArray<Membership>> MissingMembersAsync(
        IMachine machine,
        RenderedNode node,
        CancellationToken ct
    )
    {
        if (node.Members.IsEmpty)
            return [];
        var text = (await machine.ReadAsync("/etc/group", ct))?.Text ?? "";
        var members = text.Split('\n')
            .Select(l => l.Split(':'))
            .Where(p => p.Length == 4)
            .SelectMany(p => p[3].Split(',').Select(user => (user, p[0])))
            .ToHashSet();
        return [.. node.Members.Where(m => !members.Contains((m.User, m.Group)))];
    }
}

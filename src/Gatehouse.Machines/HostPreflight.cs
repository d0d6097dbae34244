using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>What on a host stands against an apply, found before anything is changed.</summary>
public static class HostPreflight
{
    /// <summary>The reasons why the node cannot be applied, each with its remedy.</summary>
    public static async Task<ImmutableArray<string>> ProblemsAsync(IMachine machine, RenderedNode node, CancellationToken ct)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        problems.AddRange(await PathClashes.OfAsync(machine, node, ct));
        if (!machine.IsLive)
            return problems.ToImmutable();
        if (
            node.Packages.Any(p => p.StartsWith("exim4", StringComparison.Ordinal))
            && OtherMailServer(await MailServersAsync(machine, ct)) is { } other
        )
            problems.Add(other);
        problems.AddRange(await PortsAsync(machine, node, ct));
        return problems.ToImmutable();
    }

    /// <summary>The installed packages of mail servers other than Exim, such as Postfix.</summary>
    public static async Task<ImmutableArray<string>> MailServersAsync(IMachine machine, CancellationToken ct)
    {
        var result = await machine.RunAsync(
            Invocation.Of("dpkg-query", "--show", "--showformat=${Package}|${db:Status-Status}|${Provides}\n"),
            null,
            ct
        );
        return
        [
            .. result
                .Output.Split('\n')
                .Select(l => l.Split('|'))
                .Where(p =>
                    p is [_, "installed", _]
                    && p[2].Contains("mail-transport-agent", StringComparison.Ordinal)
                    && !p[0].StartsWith("exim4", StringComparison.Ordinal)
                )
                .Select(p => p[0]),
        ];
    }

    /// <summary>Why another mail server stands against an apply; null when there is none. apt would remove it, and its queue with
    /// it.</summary>
    public static string? OtherMailServer(ImmutableArray<string> packages) =>
        packages.IsEmpty
            ? null
            : $"another mail server is installed on this host: {string.Join(", ", packages)}. Installing Exim would remove it. "
                + $"Empty its queue, then run 'apt remove {string.Join(' ', packages)}' and apply again.";

    // A port of ours may be held by a unit of ours alone: that one is restarted or stopped by the plan.
    private static async Task<IEnumerable<string>> PortsAsync(IMachine machine, RenderedNode node, CancellationToken ct)
    {
        if (node.Listens.IsEmpty)
            return [];
        var sockets = await machine.RunAsync(Invocation.Of("ss", "-Hltnp"), null, ct);
        if (!sockets.Succeeded)
            return [];
        var own = node.Units.Select(u => u.Unit.Name).ToHashSet(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var listener in ListeningSockets.Read(sockets.Output).Where(l => node.Listens.Contains(l.Port)).OrderBy(l => l.Port))
        {
            var unit = ListeningSockets.UnitOf((await machine.ReadAsync($"/proc/{listener.Process}/cgroup", ct))?.Text ?? "");
            if (own.Contains(unit))
                continue;
            var remedy = unit.Length > 0 ? $"Stop it with 'systemctl disable --now {unit}'" : $"End it ('kill {listener.Process}')";
            problems.Add(
                $"port {listener.Port} is already in use by {listener.Program} (pid "
                    + $"{listener.Process}{(unit.Length > 0 ? $", {unit}" : "")}), but this gateway needs it. {remedy}, or move it "
                    + "to another port, and run again."
            );
        }

        return problems;
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Planning;

/// <summary>A process that listens on a TCP port.</summary>
/// <param name="Port">The port.</param>
/// <param name="Program">The program's name.</param>
/// <param name="Process">The process's number.</param>
public sealed record Listener(int Port, string Program, int Process);

/// <summary>Reads what <c>ss -Hltnp</c> prints.</summary>
public static partial class ListeningSockets
{
    /// <summary>The listeners; a port without a known process is left out, because nothing can be said about it.</summary>
    public static ImmutableArray<Listener> Read(string output) =>
        [
            .. output
                .Split('\n')
                .Select(l => Line().Match(l))
                .Where(m => m.Success)
                .Select(m => new Listener(Number(m, "port"), m.Groups["program"].Value, Number(m, "process")))
                .DistinctBy(l => (l.Port, l.Process)),
        ];

    /// <summary>The unit that a process belongs to, from its <c>/proc/PID/cgroup</c>; empty when it belongs to none.</summary>
    public static string UnitOf(string cgroup) =>
        cgroup
            .Split('\n')
            .Where(l => l.StartsWith("0::", StringComparison.Ordinal))
            .SelectMany(l => l.Split('/'))
            .LastOrDefault(p => p.EndsWith(".service", StringComparison.Ordinal))
        ?? "";

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^LISTEN\s+\d+\s+\d+\s+\S+:(?<port>\d+)\s+\S+\s+users:\(\(""(?<program>[^""]*)"",pid=(?<process>\d+)")]
    private static partial Regex Line();
}

using System.Collections.Immutable;

namespace Gatehouse.Machines;

/// <summary>How ssh reaches a host, by its configuration (<c>ssh -G</c>).</summary>
/// <param name="Host">The name or address it connects to.</param>
/// <param name="Port">The port.</param>
/// <param name="Alias">The name that its key is known by, if another (HostKeyAlias); else empty.</param>
/// <param name="IsDirect">Whether no jump host or proxy command stands between.</param>
/// <param name="KnownHosts">The known_hosts files of its configuration.</param>
public sealed record SshRoute(string Host, string Port, string Alias, bool IsDirect, ImmutableArray<string> KnownHosts)
{
    /// <summary>The name its key is looked up by in known_hosts files.</summary>
    public string KnownName =>
        Alias.Length > 0 ? Alias
        : Port == "22" ? Host
        : $"[{Host}]:{Port}";

    /// <summary>Reads what <c>ssh -G</c> prints: lines <c>keyword value</c>.</summary>
    public static SshRoute Read(string text)
    {
        var values = text.Split('\n')
            .Select(l => l.Split(' ', 2))
            .Where(p => p.Length == 2)
            .ToLookup(p => p[0], p => p[1].Trim(), StringComparer.Ordinal);
        return new SshRoute(
            Value("hostname").ToLowerInvariant(),
            Value("port"),
            Value("hostkeyalias") is "none" ? "" : Value("hostkeyalias"),
            Value("proxyjump") is "" or "none" && Value("proxycommand") is "" or "none",
            [
                .. $"{Value("userknownhostsfile")} {Value("globalknownhostsfile")}"
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Where(f => f != "none")
                    .Select(Home),
            ]
        );

        string Value(string key) => values[key].FirstOrDefault("");
    }

    private static string Home(string file) =>
        file.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), file[2..])
            : file;
}

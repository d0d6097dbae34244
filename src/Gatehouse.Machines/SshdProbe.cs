using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Settings;

namespace Gatehouse.Machines;

/// <summary>Finds the ports that sshd really listens on; its configuration may say otherwise since its last start.</summary>
public static class SshdProbe
{
    private const string Listening = "0A";
    private const int UsualPort = 22;

    /// <summary>The ports: that of the session first, else 22 first. Empty when no sshd runs, or when another user may not see
    /// it.</summary>
    public static ImmutableArray<int> Ports(RemoteSession? session)
    {
        var sockets = Sockets().ToHashSet(StringComparer.Ordinal);
        if (sockets.Count == 0)
            return [];
        return
        [
            .. new[] { "/proc/net/tcp", "/proc/net/tcp6" }
                .SelectMany(Lines)
                .Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w.Length > 9 && w[3] == Listening && sockets.Contains(w[9]))
                .Select(w => int.Parse(w[1].AsSpan(w[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                // Forwarded connections listen on high ports of their session's process.
                .Where(p => p < 32768)
                .Distinct()
                .OrderBy(p =>
                    p == session?.ServerPort ? 0
                    : p == UsualPort ? 1
                    : 2
                )
                .ThenBy(p => p),
        ];
    }

    // The sockets that the listening sshd holds. Sessions are children of it and hold only their own.
    private static IEnumerable<string> Sockets()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!char.IsAsciiDigit(Path.GetFileName(directory)[0]) || Lines($"{directory}/comm").FirstOrDefault() is not "sshd")
                continue;
            foreach (var target in Targets($"{directory}/fd"))
                if (target.StartsWith("socket:[", StringComparison.Ordinal))
                    yield return target[8..^1];
        }
    }

    private static string[] Targets(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFiles(directory).Select(f => new FileInfo(f).LinkTarget ?? "")];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

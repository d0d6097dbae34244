using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>Probes the machine the program runs on.</summary>
public static class FactProbe
{
    /// <summary>Gathers the facts.</summary>
    public static Facts Gather(TimeProvider clock)
    {
        var addresses = GlobalAddresses();
        return new()
        {
            HostName = HostName(),
            Addresses = [.. addresses.Select(a => a.Address)],
            Network = addresses.Length > 0 ? Proposals.NetworkOf(addresses[0].Address, addresses[0].Prefix) : null,
            HasIPv6 = Socket.OSSupportsIPv6,
            OwnNames = OwnNames(addresses.Select(a => a.Address)),
            SshPorts = SshdProbe.Ports(Session()),
            TimeZone = Zone(),
            Resolvers = Resolvers(),
            Processors = Environment.ProcessorCount,
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Debian = DebianVersion(),
            Session = Session(),
            Existing = ServiceProbe.On("/"),
            Now = clock.GetUtcNow(),
        };
    }

    private static string HostName()
    {
        var name = Text("/etc/hostname").Trim();
        if (IsOwn(name) && Names.TryParse(name, 2, out var full))
            return full;
        // A short name: the hosts file may know the full one.
        foreach (var line in Text("/etc/hosts").Split('\n'))
        {
            var words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Skip(1).Contains(name) && words.Skip(1).FirstOrDefault(w => IsOwn(w) && Names.TryParse(w, 2, out _)) is { } found)
                return found.ToLowerInvariant();
        }

        return "";
    }

    // A name that means "this host" everywhere is nobody's name.
    private static bool IsOwn(string name) =>
        !name.StartsWith("localhost", StringComparison.OrdinalIgnoreCase)
        && !name.EndsWith(".localdomain", StringComparison.OrdinalIgnoreCase);

    private static ImmutableArray<string> OwnNames(IEnumerable<IPAddress> own)
    {
        var addresses = own.ToHashSet();
        return
        [
            .. Text("/etc/hosts")
                .Split('\n')
                .Select(l => l.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w.Length > 1 && IPAddress.TryParse(w[0], out var a) && (IPAddress.IsLoopback(a) || addresses.Contains(a)))
                .SelectMany(w => w.Skip(1))
                .Select(w => w.ToLowerInvariant())
                .Distinct(),
        ];
    }

    private static ImmutableArray<(IPAddress Address, int Prefix)> GlobalAddresses() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .OrderByDescending(n => n.GetIPProperties().GatewayAddresses.Count)
                .SelectMany(n => n.GetIPProperties().UnicastAddresses.Select(u => (u.Address, Prefix: u.PrefixLength)))
                .Where(a => !IPAddress.IsLoopback(a.Address) && !a.Address.IsIPv6LinkLocal)
                .OrderBy(a => a.Address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1),
        ];

    private static string Zone()
    {
        var target = new FileInfo("/etc/localtime").LinkTarget ?? "";
        var index = target.IndexOf("zoneinfo/", StringComparison.Ordinal);
        // A link to the database's own link back to here names no zone.
        return index < 0 || target[(index + 9)..] is "localtime" ? "UTC" : target[(index + 9)..];
    }

    private static ImmutableArray<IPAddress> Resolvers() =>
        [
            .. Text("/etc/resolv.conf")
                .Split('\n')
                .Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w.Length > 1 && w[0] == "nameserver")
                .Select(w => Addresses.TryParse(w[1], out var a) ? a : null)
                .OfType<IPAddress>()
                .Distinct(),
        ];

    private static string DebianVersion()
    {
        var release = Text("/etc/os-release").Split('\n');
        return release.Contains("ID=debian")
            ? release.FirstOrDefault(l => l.StartsWith("VERSION_ID=", StringComparison.Ordinal))?[11..].Trim('"') ?? ""
            : "";
    }

    // sudo and su drop SSH_CONNECTION, so the parents are asked as well.
    internal static RemoteSession? Session()
    {
        var value = Environment.GetEnvironmentVariable("SSH_CONNECTION");
        for (var pid = Environment.ProcessId; value is null && pid > 1; pid = Parent(pid))
            value = Variable(pid, "SSH_CONNECTION");
        var parts = value?.Split(' ') ?? [];
        return
            parts.Length == 4
            && IPAddress.TryParse(parts[0], out var client)
            && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new RemoteSession(client, port)
            : null;
    }

    private static string? Variable(int pid, string name)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ")
                .Split('\0')
                .FirstOrDefault(v => v.StartsWith(name + "=", StringComparison.Ordinal))
                ?[(name.Length + 1)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int Parent(int pid)
    {
        var line = Text($"/proc/{pid}/status").Split('\n').FirstOrDefault(l => l.StartsWith("PPid:", StringComparison.Ordinal));
        return int.TryParse(line?[5..].Trim(), out var parent) ? parent : 0;
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Machines;

/// <summary>Looks at this host as a member of a cluster. It needs no privileges.</summary>
public static class NodeProbe
{
    private const string Spool = "/var/spool/exim4/input";
    private const int MostAddresses = 256;
    private static volatile Mounted mounted = new("", []);

    /// <summary>What the node says of itself.</summary>
    /// <param name="node">Who it is.</param>
    /// <param name="release">The release that runs.</param>
    /// <param name="certificateExpires">When its certificate ends.</param>
    /// <param name="reachesRegistry">Whether it does.</param>
    /// <param name="machine">The host, to ask systemd.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends the looking.</param>
    public static async Task<NodeStatus> LookAsync(
        LocalNode node,
        string release,
        DateTimeOffset certificateExpires,
        bool reachesRegistry,
        IMachine machine,
        TimeProvider clock,
        CancellationToken ct
    ) =>
        new()
        {
            Number = node.Number,
            Name = node.Name,
            Profile = node.Profile,
            Release = release,
            Epoch = node.Epoch,
            SettingsVersion = node.SettingsVersion,
            Clock = clock.GetUtcNow(),
            UptimeSeconds = (long)Words("/proc/uptime").FirstOrDefault(),
            Load = Words("/proc/loadavg").FirstOrDefault(),
            MemoryPercent = MemoryPercent(),
            Partitions = Partitions(),
            Services = await ServicesAsync(node.Units, machine, ct),
            Queue = Queue(),
            CertificateExpires = certificateExpires,
            ReachesRegistry = reachesRegistry,
            Followed = node.Followed,
            Users = MailUsers.Numbers(),
            Addresses = Addresses(),
        };

    // Of those that work; loopback's are everybody's, and those of one link mean nothing elsewhere.
    private static ImmutableArray<IPAddress> Addresses() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(n => n.OperationalStatus != OperationalStatus.Down && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(n => n.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => !a.IsIPv6LinkLocal)
                .Take(MostAddresses),
        ];

    private static async Task<ImmutableArray<ServiceState>> ServicesAsync(
        ImmutableArray<string> units,
        IMachine machine,
        CancellationToken ct
    )
    {
        if (units.IsEmpty)
            return [];
        // A line a unit, in their order; the exit code only says whether all are active.
        var states = (await machine.RunAsync(new Invocation(["systemctl", "is-active", "--", .. units]), null, ct)).Output.Split('\n');
        return [.. units.Select((u, i) => new ServiceState(u, i < states.Length && states[i] is "active" or "reloading"))];
    }

    private static int MemoryPercent()
    {
        var lines = File.ReadLines("/proc/meminfo")
            .Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w.Length > 1)
            .ToDictionary(w => w[0], w => w[1]);
        if (
            !long.TryParse(lines.GetValueOrDefault("MemTotal:"), out var total)
            || !long.TryParse(lines.GetValueOrDefault("MemAvailable:"), out var available)
            || total == 0
        )
            return 0;
        return (int)((total - available) * 100 / total);
    }

    private static ImmutableArray<PartitionUse> Partitions() =>
        [
            .. Disks()
                .Where(d => d.IsReady)
                .Select(d => new PartitionUse(d.Name, (int)((d.TotalSize - d.TotalFreeSpace) * 100 / d.TotalSize))),
        ];

    // What kind a file system is takes reading the whole table of mounts for each, so it is asked when that has changed.
    private static ImmutableArray<DriveInfo> Disks()
    {
        var mounts = File.ReadAllText("/proc/self/mounts");
        var known = mounted;
        if (known.Table != mounts)
            mounted = known = new Mounted(mounts, [.. DriveInfo.GetDrives().Where(IsDisk)]);
        return known.Disks;
    }

    // And what stands in for one in a container; nothing that lives in memory.
    private static bool IsDisk(DriveInfo d) =>
        d.IsReady
        && d is { DriveType: DriveType.Fixed or DriveType.Network, TotalSize: > 0 }
        && d.DriveFormat is not ("tmpfs" or "ramfs" or "squashfs");

    // A message that waits has a header file; without the right to look, nothing is said.
    private static int? Queue()
    {
        try
        {
            return Directory.Exists(Spool) ? Directory.EnumerateFiles(Spool, "*-H", SearchOption.AllDirectories).Count() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<double> Words(string path) =>
        File.ReadAllText(path)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(w => double.TryParse(w, CultureInfo.InvariantCulture, out var number) ? number : 0);

    private sealed record Mounted(string Table, ImmutableArray<DriveInfo> Disks);
}

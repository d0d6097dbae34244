using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Clusters.Joining;
using Gatehouse.Core.Settings;

namespace Gatehouse.Machines;

/// <summary>Looks at a host that is to join a cluster. It changes nothing.</summary>
public static class HostStateProbe
{
    private const string Databases = "/var/lib/postgresql/15/main/base";
    private static readonly ImmutableArray<string> Places = ["/", "/usr", "/var", "/var/lib", "/var/spool"];

    /// <summary>Looks.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="facts">What is known of it.</param>
    /// <param name="port">The agent's port.</param>
    public static HostState Look(LocalMachine machine, Facts facts, int port) =>
        new()
        {
            Free = Free(machine),
            Addresses = facts.Addresses,
            PortTaken = PortTaken(port),
            CaFile = File.Exists(machine.Real("/etc/gatehouse/pki/cluster-ca.pem"))
                ? File.ReadAllText(machine.Real("/etc/gatehouse/pki/cluster-ca.pem"))
                : null,
            HasUnfinishedBootstrap = File.Exists(machine.Real("/var/lib/gatehouse/cluster/master-token")),
            IsGateway = File.Exists(machine.Real("/etc/gatehouse/answers.yaml")),
            Existing = facts.Existing,
            HasEncryptionKey = File.Exists(machine.Real("/etc/gatehouse/secrets/encryption-key")),
            HasDatabases = HasDatabases(machine.Real(Databases)),
            Queue =
                Queue(machine.Real("/var/spool/exim4/input"), "*-H")
                + Queue(machine.Real("/var/spool/postfix/deferred"), "*")
                + Queue(machine.Real("/var/spool/postfix/active"), "*"),
        };

    // One entry for each file system, by the shortest of the places that are on it.
    private static ImmutableSortedDictionary<string, long> Free(LocalMachine machine)
    {
        var drives = DriveInfo.GetDrives().Where(d => d.IsReady && d.TotalSize > 0).ToArray();
        return (
            from place in Places
            let real = machine.Real(place)
            where Directory.Exists(real)
            let drive = drives
                .Where(d => real == d.Name || real.StartsWith(d.Name.TrimEnd('/') + "/", StringComparison.Ordinal))
                .MaxBy(d => d.Name.Length)
            where drive is not null
            group (place, drive.AvailableFreeSpace) by drive.Name into one
            select one.First()
        ).ToImmutableSortedDictionary(f => f.place, f => f.AvailableFreeSpace, StringComparer.Ordinal);
    }

    private static string PortTaken(int port)
    {
        using var listener = new TcpListener(IPAddress.IPv6Any, port);
        try
        {
            listener.Server.DualMode = true;
            listener.Start();
            return "";
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressFamilyNotSupported)
        {
            return "";
        }
        catch (SocketException e)
        {
            return $"TCP {port}: {e.Message}";
        }
    }

    // PostgreSQL's own three databases, and the tables in them, are there from the start; their numbers are below 16384 (its
    // FirstNormalObjectId).
    private static bool HasDatabases(string directory)
    {
        try
        {
            return Directory.Exists(directory)
                && Directory
                    .EnumerateFileSystemEntries(
                        directory,
                        "*",
                        new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }
                    )
                    .Any(d =>
                        int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                        && number >= 16384
                    );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static int Queue(string directory, string pattern)
    {
        try
        {
            return Directory.Exists(directory) ? Directory.EnumerateFiles(directory, pattern, SearchOption.AllDirectories).Count() : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}

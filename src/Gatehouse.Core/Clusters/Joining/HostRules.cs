using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Trust;

namespace Gatehouse.Core.Clusters.Joining;

/// <summary>What a host that wants to join is like before anything is changed on it.</summary>
public sealed record HostState
{
    /// <summary>Free room, in bytes, of the file systems that packages and mail go to, by where they are mounted.</summary>
    public required ImmutableSortedDictionary<string, long> Free { get; init; }

    /// <summary>The addresses of its interfaces.</summary>
    public required ImmutableArray<IPAddress> Addresses { get; init; }

    /// <summary>Why nothing can listen on the agent's port; empty when it is free, or the agent's own.</summary>
    public required string PortTaken { get; init; }

    /// <summary>The CA file of a cluster that is there already, PEM; null when there is none.</summary>
    public required string? CaFile { get; init; }

    /// <summary>Whether a cluster was begun here and its bootstrap did not come to its end.</summary>
    public required bool HasUnfinishedBootstrap { get; init; }

    /// <summary>Whether it is set up as a gateway.</summary>
    public required bool IsGateway { get; init; }

    /// <summary>Mail and web services that are there already.</summary>
    public required ImmutableArray<string> Existing { get; init; }

    /// <summary>Whether a cluster's encryption key lies there.</summary>
    public required bool HasEncryptionKey { get; init; }

    /// <summary>Whether PostgreSQL has data there that is not a cluster's registry alone.</summary>
    public required bool HasDatabases { get; init; }

    /// <summary>Messages that wait for delivery; 0 when nobody could look.</summary>
    public required int Queue { get; init; }
}

/// <summary>Whether a host may join, judged on its own side: everything at once, before anything is changed.</summary>
public static class HostRules
{
    /// <summary>With less room than this, packages cannot be unpacked: all of a full node take up a gigabyte.</summary>
    public const long LeastFree = 1L << 30;

    /// <summary>With less room than this there is little for a queue and a quarantine.</summary>
    public const long LittleFree = 4L << 30;

    /// <summary>All findings.</summary>
    /// <param name="host">What the host is like.</param>
    /// <param name="address">Where the others are to reach it.</param>
    /// <param name="pin">What the join code knows of the cluster's CA.</param>
    public static ImmutableArray<JoinFinding> Judge(HostState host, IPAddress address, Pin pin) =>
        [.. Disk(host), .. Address(host, address), .. Port(host), .. Ca(host, pin), .. Mail(host)];

    /// <summary>What joining replaces, and how each comes back; nobody should learn of it afterwards.</summary>
    /// <param name="host">What the host is like.</param>
    /// <param name="profile">The profile that it gets; empty when it is not known.</param>
    public static IEnumerable<string> Replaced(HostState host, string profile)
    {
        if (host.IsGateway)
            yield return "the gateway that is set up on this host; 'gatehouse rollback' puts it back";
        else if (!host.Existing.IsEmpty)
            yield return $"the configuration of {string.Join(", ", host.Existing)}; 'gatehouse rollback 0' puts it back";
        if (host.IsGateway && Profile.Find(profile)?.Roles.Contains("cache") == true)
            yield return "what rspamd learned on this host: what the cluster learned takes its place, and nothing puts it back";
        if (host.HasUnfinishedBootstrap)
            yield return "the CA and the keys of the cluster whose bootstrap was cut off here; nothing puts them back";
        else if (host.HasEncryptionKey)
            yield return "the encryption key of the cluster that this host was in; what was sealed with it is opened by a copy alone";
        if (host.HasDatabases && (profile.Length == 0 || Profile.Find(profile)?.Roles.Contains("database") == true))
            yield return "who may log in to PostgreSQL (pg_hba.conf), which 'gatehouse rollback' puts back; and on a host that joins, its "
                + "databases are put aside, as /var/lib/postgresql/15/main.DATE";
    }

    private static IEnumerable<JoinFinding> Disk(HostState host)
    {
        foreach (var (path, free) in host.Free)
        {
            var there = string.Create(CultureInfo.InvariantCulture, $"{path} has {free / (double)(1L << 30):0.0} GiB free");
            if (free < LeastFree)
                yield return Error("disk", $"{there}, and the packages of a node need 1 GiB. Make room there.");
            else if (free < LittleFree)
                yield return Warn("disk", $"{there}. That is little for a queue and a quarantine.");
        }
    }

    private static IEnumerable<JoinFinding> Address(HostState host, IPAddress address)
    {
        if (!host.Addresses.Contains(address))
            yield return Warn(
                "address-elsewhere",
                $"No interface of this host has {address}; it has "
                    + $"{(host.Addresses.IsEmpty ? "none" : string.Join(", ", host.Addresses))}. That is right only behind a firewall that "
                    + $"forwards it here."
            );
    }

    private static IEnumerable<JoinFinding> Port(HostState host)
    {
        if (host.PortTaken.Length > 0)
            yield return Error(
                "port-taken",
                $"The agent cannot listen on its port: {host.PortTaken}. Stop what listens there ('ss -ltnp' shows it)."
            );
    }

    // Whoever put a CA here beforehand, by hand or by a cluster before, did so to be asked when another one comes.
    private static IEnumerable<JoinFinding> Ca(HostState host, Pin pin)
    {
        if (host.CaFile is not { } pem)
            yield break;
        var problem = "";
        try
        {
            var there = TrustStore.Read(pem, "");
            if (!there.Roots.Any(pin.Matches))
                problem = $"is the CA of cluster {there.ClusterId}, and the join code is of another";
        }
        catch (TrustException e)
        {
            problem = $"cannot be used: {e.Message.TrimEnd('.')}";
        }

        if (problem.Length > 0)
            yield return Error(
                "ca-file",
                $"There is a CA file on this host already, /etc/gatehouse/pki/cluster-ca.pem, and it {problem}. If this host was in that "
                    + $"cluster, 'gatehouse leave' ends that; otherwise remove the file."
            );
    }

    private static IEnumerable<JoinFinding> Mail(HostState host)
    {
        if (host.Queue > 0)
            yield return Warn(
                "queue",
                $"{host.Queue} messages wait for delivery on this host. They stay, and are delivered by the cluster's settings."
            );
    }

    private static JoinFinding Error(string code, string message) => new(true, code, message);

    private static JoinFinding Warn(string code, string message) => new(false, code, message);
}

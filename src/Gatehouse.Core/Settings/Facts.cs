using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Gatehouse.Core.Settings;

/// <summary>What was probed on a machine.</summary>
public sealed record Facts
{
    /// <summary>Fully qualified host name, or empty when the machine has none.</summary>
    public string HostName { get; init; } = "";

    /// <summary>Global addresses of the machine, the one of the default route first.</summary>
    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    /// <summary>Names that /etc/hosts of the machine gives to its own addresses, in lower case.</summary>
    public ImmutableArray<string> OwnNames { get; init; } = [];

    /// <summary>The ports that the machine's sshd listens on, the one of the session or 22 first; empty when none runs or it is
    /// unknown.</summary>
    public ImmutableArray<int> SshPorts { get; init; } = [];

    /// <summary>The network of the first of <see cref="Addresses"/>; null when there is none.</summary>
    public IPNetwork? Network { get; init; }

    /// <summary>Whether the kernel knows IPv6. It does not with <c>ipv6.disable=1</c>, and then nothing can listen there.</summary>
    public bool HasIPv6 { get; init; } = true;

    /// <summary>Time zone, UTC when unknown.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Name servers of the machine.</summary>
    public ImmutableArray<IPAddress> Resolvers { get; init; } = [];

    /// <summary>Processors.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>Memory in bytes.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The Debian version, such as <c>12</c>; empty when it is not Debian.</summary>
    public string Debian { get; init; } = "";

    /// <summary>The SSH session the program runs in: the client's address and the server's port; null at a console.</summary>
    public RemoteSession? Session { get; init; }

    /// <summary>
    /// Services on the machine that handle mail or web already, by the names of their units, such as <c>postfix</c>: those
    /// that Gatehouse sets up itself, and those in the way of them.
    /// </summary>
    public ImmutableArray<string> Existing { get; init; } = [];

    /// <summary>The time of the run.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>The text of a fact for <c>default-from</c> and <c>propose</c>; null when unknown.</summary>
    /// <exception cref="ArgumentException">There is no such fact.</exception>
    public string? Lookup(string name) =>
        name switch
        {
            "facts.host_name" => HostName.Length > 0 ? HostName : null,
            "facts.address" => Addresses.IsEmpty ? null : Addresses[0].ToString(),
            "facts.time_zone" => TimeZone,
            "facts.admin_network" => Proposals.AdminNetwork(this)?.ToString(),
            "facts.connections" => Proposals.Connections(this)?.ToString(CultureInfo.InvariantCulture),
            "facts.ssh_port" => SshPorts.IsEmpty ? null : SshPorts[0].ToString(CultureInfo.InvariantCulture),
            "facts.resolvers" => Resolvers.IsEmpty ? null : string.Join(", ", Resolvers),
            _ => throw new ArgumentException($"there is no fact '{name}'", nameof(name)),
        };
}

/// <summary>An SSH session.</summary>
/// <param name="Client">Where it comes from.</param>
/// <param name="ServerPort">The port of this machine it came in by.</param>
public sealed record RemoteSession(IPAddress Client, int ServerPort);

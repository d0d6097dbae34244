using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>What an operator finds filled in: sensible for most machines, and his to change.</summary>
public static class Proposals
{
    private const long Megabyte = 1 << 20;
    private const long Plenty = 3L << 30;

    // ClamAV with its full signatures, and everything else that runs.
    private const long Others = 2L << 30;
    private const long OneConnection = 4 * Megabyte;
    private const long FewestConnections = 20;
    private const long DefaultConnections = 200;

    /// <summary>
    /// Who may reach SSH: the host that the operator works from, else the machine's own network. Null when neither is known,
    /// or when the machine is alone in its network, which nobody could then administer it from.
    /// </summary>
    public static IPNetwork? AdminNetwork(Facts facts)
    {
        if (facts.Session is { } session && Remote(session.Client, facts) is { } client)
            return new IPNetwork(client, Width(client));
        return facts.Network is { } network && network.PrefixLength < Width(network.BaseAddress) ? network : null;
    }

    /// <summary>The network that an address with a prefix length lies in.</summary>
    public static IPNetwork NetworkOf(IPAddress address, int prefix) => new(Addresses.Mask(address, prefix), prefix);

    /// <summary>The connections that a machine of little memory has room for; null when it has enough for the default, or is
    /// unknown.</summary>
    public static int? Connections(Facts facts) =>
        facts.MemoryBytes is <= 0 or >= Plenty
            ? null
            : (int)Math.Clamp((facts.MemoryBytes - Others) / OneConnection, FewestConnections, DefaultConnections);

    // One spelling: neither mapped into IPv6 nor with a zone index. Null when the session comes from the machine itself.
    private static IPAddress? Remote(IPAddress address, Facts facts)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
        return IPAddress.IsLoopback(plain) || facts.Addresses.Contains(plain) ? null : plain;
    }

    private static int Width(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
}

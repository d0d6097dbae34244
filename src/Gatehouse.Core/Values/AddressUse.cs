using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Core.Values;

/// <summary>Whether an address can name a host on the network at all.</summary>
public static class AddressUse
{
    /// <summary>Why no other host has this address, completing "the address is ..."; null when one may have it.</summary>
    public static string? WhyNoHost(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "the unspecified address"
        : IPAddress.IsLoopback(address) ? "a loopback address"
        : address.IsIPv6LinkLocal || IsIPv4(address, 169, 254) ? "a link-local address, which no mail or name server is configured by"
        : address.IsIPv6Multicast
        || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] is >= 224 and < 240)
            ? "a multicast address"
        : address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] is 0 or >= 240 ? "a reserved address"
        : null;

    /// <summary>Whether a packet to the address stays on the host that sends it.</summary>
    public static bool IsThisHost(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool IsIPv4(IPAddress address, byte first, byte second) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [var a, var b, ..] && a == first && b == second;
}

using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Agent;

/// <summary>Whom a limit counts as one caller.</summary>
internal static class CallerPlace
{
    private const int Prefix = 8;

    /// <summary>An IPv4 address, or the first 64 bits of an IPv6 one: whoever has one address there has as many as they like (RFC
    /// 7421).</summary>
    public static string Of(IPAddress? address)
    {
        if (address is null)
            return "";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(Prefix).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}

using System.Net;

namespace Gatehouse.Core.Clusters;

/// <summary>Whether a member may have an address.</summary>
public static class AddressRules
{
    /// <summary>Why not; null when it may.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The member's number.</param>
    /// <param name="address">The address.</param>
    public static string? Refusal(ClusterView view, int number, IPAddress address)
    {
        if (
            IPAddress.IsLoopback(address)
            || IPAddress.Any.Equals(address)
            || IPAddress.IPv6Any.Equals(address)
            || address.IsIPv6LinkLocal
            || address.IsIPv6Multicast
            || (address.GetAddressBytes() is [>= 224, _, _, _])
        )
            return $"{address} is no address that other nodes can reach.";
        return view.Members.FirstOrDefault(n => n.Number != number && n.Address.Equals(address)) is { } other
            ? $"{address} is the address of {other.Name} (node {other.Number}). Take another; if that host is gone, 'gatehouse node "
                + $"remove {other.Name}' frees it."
            : null;
    }
}

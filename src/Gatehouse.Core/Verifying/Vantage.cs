using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Verifying;

/// <summary>The addresses that verification connects from: one for each kind of client that the answers tell apart.</summary>
/// <param name="Stranger">An address that no list of the answers holds.</param>
/// <param name="Relay">An address of a relay network; null when the answers have none of this family.</param>
/// <param name="Balancer">The address of a load balancer in front of mail; null when there is none of this family.</param>
public sealed record Vantage(IPAddress Stranger, IPAddress? Relay, IPAddress? Balancer)
{
    // For documentation (RFC 5737, RFC 3849), so no host has them; for benchmarks (RFC 2544) where the answers name all of the former.
    private static readonly ImmutableArray<IPAddress> Strangers =
    [
        .. new[]
        {
            "203.0.113.77",
            "198.51.100.77",
            "192.0.2.177",
            "203.0.113.178",
            "198.18.77.77",
            "2001:db8:7667:7677::77",
            "2001:db8:7667:7678::77",
            "2001:db8:8667:7677::77",
        }.Select(IPAddress.Parse),
    ];

    /// <summary>The addresses of one family; null when the answers leave none for a stranger.</summary>
    /// <param name="settings">A node's settings.</param>
    /// <param name="family">IPv4 or IPv6.</param>
    public static Vantage? Of(GatewaySettings settings, AddressFamily family)
    {
        if (settings.Mta is not { } mta)
            return null;
        var own = Own(settings);
        var named = new HashSet<IPAddress>([
            .. own,
            .. mta.LoadBalancers,
            .. settings.Web?.LoadBalancers ?? [],
            .. settings.System.Resolvers,
            .. Hosts(mta),
        ]);
        var networks = mta.RelayNetworks.Concat(settings.System.AdminNetworks.Where(n => n.PrefixLength > 0)).ToArray();
        var stranger = Strangers.FirstOrDefault(a => a.AddressFamily == family && !named.Contains(a) && !networks.Any(n => n.Contains(a)));
        if (stranger is null)
            return null;
        var taken = new HashSet<IPAddress>([.. own, .. mta.LoadBalancers]);
        return new Vantage(
            stranger,
            mta.RelayNetworks.Where(n => n.BaseAddress.AddressFamily == family && !IPAddress.IsLoopback(n.BaseAddress))
                .Select(n => Inside(n, taken))
                .FirstOrDefault(a => a is not null),
            mta.LoadBalancers.FirstOrDefault(a => a.AddressFamily == family && !own.Contains(a) && !IPAddress.IsLoopback(a))
        );
    }

    private static HashSet<IPAddress> Own(GatewaySettings settings) =>
        [settings.System.Address, .. settings.Addresses.Bindings.Select(b => b.Address), .. settings.Cluster.Peers.Select(p => p.Address)];

    private static IEnumerable<IPAddress> Hosts(MtaSettings mta) =>
        mta
            .Domains.Select(d => d.Destination)
            .Append(mta.SmartHost)
            .Where(d => d is { IsAddress: true })
            .Select(d => IPAddress.Parse(d!.Host.Trim('[', ']')));

    // From the end of a network, where routers and servers seldom are; the last address of an IPv4 network is its broadcast address.
    private static IPAddress? Inside(IPNetwork network, HashSet<IPAddress> taken)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        var bits = (bytes.Length * 8) - network.PrefixLength;
        if (bits == 0)
            return taken.Contains(network.BaseAddress) ? null : network.BaseAddress;
        for (var back = bits == 1 ? 0 : 1; back < Math.Min(64, bits >= 6 ? 64 : 1 << bits); back++)
        {
            var address = (byte[])bytes.Clone();
            for (var i = 0; i < bits; i++)
                address[^(1 + (i / 8))] |= (byte)(1 << (i % 8));
            address[^1] -= (byte)Math.Min(back, address[^1]);
            if (new IPAddress(address) is var inside && network.Contains(inside) && !taken.Contains(inside))
                return inside;
        }

        return null;
    }
}

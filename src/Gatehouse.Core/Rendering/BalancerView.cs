using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>What the template of a balancer sees as <c>balancer</c>: what it listens on, and which nodes are behind.</summary>
internal static class BalancerView
{
    // Baruwa's sample for haproxy balances 80, 443 and 25; submission is there where the gateways have it.
    private static readonly ImmutableArray<(int Port, string Name, string Role)> Services =
    [
        (25, "smtp", "mail"),
        (587, "submission", "mail"),
        (465, "submissions", "mail"),
        (80, "http", "web"),
        (443, "https", "web"),
    ];

    /// <summary>The view of a balancer that is a member.</summary>
    /// <param name="settings">The node's settings.</param>
    public static Dictionary<string, object> Of(GatewaySettings settings) =>
        Of(settings, Members.Of(settings), [], [settings.System.Address]);

    /// <summary>The view of a balancer.</summary>
    /// <param name="settings">Settings of a node of the cluster.</param>
    /// <param name="nodes">The nodes that there are.</param>
    /// <param name="listen">The addresses that it listens on; none means all.</param>
    /// <param name="own">The addresses of its own that it may talk from.</param>
    public static Dictionary<string, object> Of(
        GatewaySettings settings,
        ImmutableArray<Member> nodes,
        ImmutableArray<IPAddress> listen,
        ImmutableArray<IPAddress> own
    )
    {
        var listens = Services
            .Where(s => settings.Balancer.Ports.Contains(s.Port))
            .Select(s => (s.Name, s.Port, s.Role, Servers: nodes.With(s.Role).ToImmutableArray()))
            .Where(s => !s.Servers.IsEmpty)
            .ToArray();
        return ViewBuilder.Map(
            ("name", settings.System.Name),
            ("ports", listens.Select(l => l.Port).ToImmutableArray()),
            ("any", listens.Length > 0),
            (
                "listens",
                listens
                    .Select(l =>
                        ViewBuilder.Map(
                            ("name", l.Name),
                            ("binds", Binds(listen, l.Port, settings.System.HasIPv6)),
                            ("greets", l.Port == 25),
                            // One daemon answers on all of its ports; it is asked on one.
                            ("asked_on_25", l.Role == "mail" && l.Port != 25),
                            ("plain_web", l.Port == 80),
                            ("tls_web", l.Port == 443),
                            (
                                "servers",
                                l.Servers.Select(m =>
                                        ViewBuilder.Map(
                                            ("name", m.Name),
                                            ("place", Place(m.Address, l.Port)),
                                            ("sourced", own.Any(a => a.AddressFamily == m.Address.AddressFamily)),
                                            (
                                                "source",
                                                own.FirstOrDefault(a => a.AddressFamily == m.Address.AddressFamily)?.ToString() ?? ""
                                            )
                                        )
                                    )
                                    .ToImmutableArray()
                            )
                        )
                    )
                    .ToImmutableArray()
            )
        );
    }

    // Two sockets: on one for both families, clients of IPv4 would be named to the nodes by IPv6 addresses.
    private static ImmutableArray<Dictionary<string, object>> Binds(ImmutableArray<IPAddress> listen, int port, bool ipv6) =>
        [
            .. (
                !listen.IsEmpty ? listen
                : ipv6 ? [IPAddress.Any, IPAddress.IPv6Any]
                : [IPAddress.Any]
            ).Select(a => ViewBuilder.Map(("place", Place(a, port)), ("ipv6", a.AddressFamily == AddressFamily.InterNetworkV6))),
        ];

    // haproxy takes an IPv6 address without brackets: what follows the last colon is the port.
    private static string Place(IPAddress address, int port) => $"{address}:{port}";
}

using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Core.Settings;

/// <summary>What balances mail and web over the nodes of a cluster.</summary>
public sealed record BalancerSettings
{
    /// <summary>That of a host in no cluster.</summary>
    public static BalancerSettings None { get; } =
        new()
        {
            Nodes = [],
            Ports = [25, 80, 443],
            Consul = false,
        };

    /// <summary>Members that balance beside their own duties, by name; those of profile <c>balancer</c> do so anyway.</summary>
    public required ImmutableArray<string> Nodes { get; init; }

    /// <summary>The ports that are balanced.</summary>
    public required ImmutableArray<int> Ports { get; init; }

    /// <summary>Whether each node describes its services for Consul.</summary>
    public required bool Consul { get; init; }
}

/// <summary>The balancers of a cluster.</summary>
public static class Balancers
{
    /// <summary>The duty of a profile that does nothing else.</summary>
    public const string Role = "balancer";

    /// <summary>The members that balance, by number.</summary>
    /// <param name="settings">A node's settings.</param>
    public static IEnumerable<Member> Of(GatewaySettings settings) =>
        Members.Of(settings).Where(m => m.Profile.Has(Role) || (settings.Balancer.Nodes.Contains(m.Name) && MayBe(m)));

    /// <summary>Whether the node itself balances.</summary>
    /// <param name="settings">Its settings.</param>
    public static bool IsOne(GatewaySettings settings) => Of(settings).Any(m => m.Name == settings.System.Name);

    /// <summary>
    /// The node's settings with the cluster's balancers among those that send its mail and web a PROXY header, for they always do.
    /// </summary>
    /// <param name="settings">What was answered.</param>
    public static GatewaySettings Trusted(GatewaySettings settings)
    {
        IPAddress[] balancers =
        [
            .. Of(settings).Where(m => m.Name != settings.System.Name).SelectMany(m => new[] { m.Address, m.Former }).OfType<IPAddress>(),
        ];
        return balancers.Length == 0
            ? settings
            : settings with
            {
                Mta = settings.Mta is { } mta ? mta with { LoadBalancers = [.. mta.LoadBalancers.Union(balancers)] } : null,
                Web = settings.Web is { } web ? web with { LoadBalancers = [.. web.LoadBalancers.Union(balancers)] } : null,
            };
    }

    // Exim and nginx have the ports of their hosts themselves.
    private static bool MayBe(Member member) => !member.Profile.Has("mail") && !member.Profile.Has("web");
}

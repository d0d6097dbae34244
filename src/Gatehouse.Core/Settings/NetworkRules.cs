using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about networks and addresses.</summary>
internal static class NetworkRules
{
    private static readonly ImmutableArray<string> NetworkLists = ["system.admin_networks", "mta.relay_networks", "web.networks"];
    private static readonly ImmutableArray<string> BalancerLists = ["mta.load_balancers", "web.load_balancers"];

    public static ImmutableArray<Rule> All { get; } =
    [
        new("the networks of a list do not overlap", NoOverlap),
        new("the relay networks do not cover the whole Internet", NotOpen),
        new("a load balancer is another host", BalancersAreOthers),
    ];

    private static void NoOverlap(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var path in NetworkLists)
        {
            // A list taken over from another field was judged there.
            if (v.OriginOf(path) is not { } origin)
                continue;
            var sorted = v.List<IPNetwork>(path).Select((network, index) => (network, index)).ToArray();
            for (var i = 0; i < sorted.Length; i++)
            for (var j = 0; j < i; j++)
                if (Addresses.Overlap(sorted[i].network, sorted[j].network))
                    report.Error(
                        "networks-overlap",
                        $"{path}[{i + 1}]",
                        $"{sorted[i].network} and {sorted[j].network} (item {j + 1}) overlap; keep the wider one.",
                        origin
                    );
        }
    }

    private static void NotOpen(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var network in v.List<IPNetwork>("mta.relay_networks"))
            if (network.PrefixLength < (network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 8 : 16))
                report.Error(
                    "open-relay",
                    "mta.relay_networks",
                    $"{network} is so wide that strangers could relay mail through this gateway; list only your own networks.",
                    v.OriginOf("mta.relay_networks")
                );
        foreach (var path in new[] { "system.admin_networks", "web.networks" })
        foreach (var network in v.List<IPNetwork>(path).Where(n => n.PrefixLength == 0 && v.OriginOf(path) is not null))
            report.Warn("open-to-all", path, $"{network} allows access from the whole Internet.", v.OriginOf(path));
    }

    private static void BalancersAreOthers(ValueSet v, Inputs inputs, Report report)
    {
        var own = new OwnHost(v, inputs);
        var relays = v.List<IPNetwork>("mta.relay_networks");
        foreach (var path in BalancerLists)
        {
            foreach (var balancer in v.List<IPAddress>(path))
            {
                if (own.Is(balancer))
                    report.Error(
                        "balancer-is-self",
                        path,
                        $"{balancer} is this node; a load balancer is another host, and every listed host must always send "
                            + "the PROXY header.",
                        v.OriginOf(path)
                    );
                else if (path.StartsWith("mta", StringComparison.Ordinal) && relays.Any(r => r.Contains(balancer)))
                    report.Warn(
                        "balancer-in-relay",
                        path,
                        $"{balancer} is also in a relay network. Its clients get rights only by the address in their PROXY "
                            + "header, and it cannot send mail itself.",
                        v.OriginOf(path)
                    );
            }
        }
    }
}

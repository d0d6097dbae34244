using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about virtual addresses.</summary>
internal static class VirtualAddressRules
{
    private const string Networks = "addresses.networks";
    private const string Bindings = "addresses.bindings";

    public static ImmutableArray<Rule> All { get; } =
    [
        new("a prefix length fits its network", PrefixesFit),
        new("a virtual address does not belong to a node", NoNodes),
        new("a virtual address is in a configured network", InANetwork),
        new("virtual addresses have different router ids", IdsDiffer),
        new("a virtual address has nodes that can hold it", SomebodyCan),
        new("the preferred node is a member that can hold the address", PreferredIsAble),
        new("mail leaves only from an address of the mail service", OutgoingIsMail),
    ];

    private static void PrefixesFit(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var (row, path) in Rows(v, Networks))
            if (
                row.Values.GetValueOrDefault("prefix") is int prefix
                && row.Values["network"] is IPNetwork network
                && (prefix > Bits(network.BaseAddress) || prefix < network.PrefixLength)
            )
                report.Error(
                    "bad-value",
                    path + ".prefix",
                    $"{prefix} is not a valid prefix length for addresses in {network}; use {network.PrefixLength} to "
                        + $"{Bits(network.BaseAddress)}, or omit it for a single address.",
                    row.Origin
                );
    }

    private static void NoNodes(ValueSet v, Inputs inputs, Report report)
    {
        var nodes = BalancerRules.MembersOf(v).ToLookup(m => m.Value.Address, m => m.Key);
        foreach (var (row, path) in Rows(v, Bindings))
        {
            var address = (IPAddress)row.Values["address"];
            if (nodes[address].FirstOrDefault() is { } node)
                report.Error(
                    "address-taken",
                    path + ".address",
                    $"{address} is the address of {node} itself; a virtual address must be a different one, which moves between nodes.",
                    row.Origin
                );
            foreach (var list in new[] { "mta.load_balancers", "web.load_balancers" })
                if (v.List<IPAddress>(list).Contains(address))
                    report.Error(
                        "address-taken",
                        list,
                        $"{address} is a virtual address of this cluster; load balancers send PROXY headers from their own "
                            + "address. You need not list the cluster's own balancers.",
                        v.OriginOf(list) ?? row.Origin
                    );
        }
    }

    private static void InANetwork(ValueSet v, Inputs inputs, Report report)
    {
        // When the networks were refused, that finding is enough.
        if (v.IsRefused(Networks))
            return;
        var networks = v.Rows(Networks).Select(r => (IPNetwork)r.Values["network"]).ToArray();
        foreach (var (row, path) in Rows(v, Bindings))
        {
            var address = (IPAddress)row.Values["address"];
            if (
                networks.Where(n => n.Contains(address)).OrderByDescending(n => n.PrefixLength).Cast<IPNetwork?>().FirstOrDefault()
                is not { } network
            )
                report.Error(
                    "no-network",
                    path + ".address",
                    $"{address} is in no network of {Networks}; add one with its interface, such as {{network: "
                        + $"{Around(address)}, interface: eth0}}.",
                    row.Origin
                );
            else if (IsEdge(address, network))
                report.Error(
                    "bad-value",
                    path + ".address",
                    $"{address} is the {(address.Equals(network.BaseAddress) ? "network" : "broadcast")} address of "
                        + $"{network}; no host can use it.",
                    row.Origin
                );
        }
    }

    private static void IdsDiffer(ValueSet v, Inputs inputs, Report report)
    {
        var seen = new Dictionary<int, object>();
        foreach (var (row, path) in Rows(v, Bindings))
        {
            var id = AddressBuilder.RouterId(row);
            if (id == 0)
                report.Error(
                    "id-needed",
                    path + ".router_id",
                    $"{row.Values["address"]} ends in 0, which is not a valid id; give it a router_id from 1 to 255 that is "
                        + "free on its network.",
                    row.Origin
                );
            else if (!seen.TryAdd(id, row.Values["address"]))
                report.Error(
                    "id-taken",
                    path + ".router_id",
                    $"{row.Values["address"]} and {seen[id]} both have the router id "
                        + $"{id.ToString(CultureInfo.InvariantCulture)}; give one of them a router_id of its own, 1 to 255.",
                    row.Origin
                );
        }
    }

    private static void SomebodyCan(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true })
            return;
        var members = BalancerRules.MembersOf(v);
        foreach (var (row, path) in Rows(v, Bindings))
        {
            var (address, service) = ((IPAddress)row.Values["address"], Service(row));
            var able = members.Where(m => Fits(v, service, m.Key, m.Value.Profile)).ToArray();
            if (able.Length == 0)
                report.Warn(
                    "nobody-can",
                    path,
                    $"no member of the cluster runs '{service.Name}', so no node holds {address} yet.",
                    row.Origin
                );
            foreach (var (name, member) in able.Where(m => m.Value.Address.AddressFamily != address.AddressFamily))
                report.Warn(
                    "other-family",
                    path + ".address",
                    $"{name} has the address {member.Address} and cannot hold {address}: nodes need an address of the same "
                        + "family to negotiate it.",
                    row.Origin
                );
        }
    }

    // Who is no member is told of, not refused: it may be on its way in, and one that was removed must not hold everybody up.
    private static void PreferredIsAble(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true })
            return;
        var members = BalancerRules.MembersOf(v);
        foreach (var (row, path) in Rows(v, Bindings))
        {
            if (row.Values.GetValueOrDefault("preferred") is not string preferred)
                continue;
            if (!members.TryGetValue(preferred, out var member))
                report.Warn(
                    "not-a-member",
                    path + ".preferred",
                    $"{preferred} is not a member of the cluster (yet); until it joins, the other nodes hold "
                        + $"{row.Values["address"]}.{Nearest.Hint(preferred, [.. members.Keys])}",
                    row.Origin
                );
            else if (!Fits(v, Service(row), preferred, member.Profile))
                report.Error(
                    "cannot-have",
                    path + ".preferred",
                    $"{preferred} is a '{member.Profile.Name}' node and does not run '{Service(row).Name}', which {row.Values["address"]} "
                        + $"follows; prefer a node that does.",
                    row.Origin
                );
        }
    }

    private static void OutgoingIsMail(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var (row, path) in Rows(v, Bindings))
            if (row.Values["outgoing"] is true && Service(row).Name != "mail")
                report.Error(
                    "no-mail-there",
                    path + ".outgoing",
                    $"{row.Values["address"]} follows '{Service(row).Name}'; mail can leave only from an address that follows 'mail'.",
                    row.Origin
                );
    }

    private static IEnumerable<(Row Row, string Path)> Rows(ValueSet v, string path) =>
        v.Rows(path).Select((row, i) => (row, $"{path}[{i + 1}]"));

    private static TrackedService Service(Row row) => TrackedService.Of((string)row.Values["service"]);

    private static bool Fits(ValueSet v, TrackedService service, string name, Screens.Profile profile) =>
        service.Fits(profile, v.List<string>("balancer.nodes").Contains(name));

    private static int Bits(IPAddress address) => address.GetAddressBytes().Length * 8;

    private static string Around(IPAddress address)
    {
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 24 : 64;
        return $"\"{Addresses.Mask(address, bits)}/{bits}\"";
    }

    // RFC 3021: a network of two addresses has neither.
    private static bool IsEdge(IPAddress address, IPNetwork network)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork || network.PrefixLength > 30)
            return false;
        var host = BitConverter.ToUInt32([.. address.GetAddressBytes().Reverse()]) & (uint.MaxValue >> network.PrefixLength);
        return host == 0 || host == uint.MaxValue >> network.PrefixLength;
    }
}

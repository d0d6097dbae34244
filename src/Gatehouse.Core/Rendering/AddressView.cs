using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>What templates see as <c>addresses</c>: the virtual addresses that this node may have.</summary>
internal static class AddressView
{
    // Priorities of RFC 5798 go to 254, which leaves a node that owns an address aside; the less, the later a node steps in.
    private const int Highest = 200;
    private const int Lowest = 2;

    /// <summary>The virtual addresses that the node may have, each with the nodes that may have it, the first of them first.</summary>
    /// <param name="settings">The node's settings.</param>
    public static IEnumerable<(AddressBinding Binding, ImmutableArray<Member> Carriers)> Carried(GatewaySettings settings) =>
        settings.Addresses.Bindings.Select(b => (b, b.Carriers(settings))).Where(b => b.Item2.Any(m => m.Name == settings.System.Name));

    /// <summary>The addresses of the others that may have one of them.</summary>
    /// <param name="settings">The node's settings.</param>
    public static ImmutableArray<IPAddress> Partners(GatewaySettings settings) =>
        [
            .. Carried(settings)
                .SelectMany(b => b.Carriers)
                .Where(m => m.Name != settings.System.Name)
                .SelectMany(m => new[] { m.Address, m.Former })
                .OfType<IPAddress>()
                .Distinct(),
        ];

    /// <summary>The view.</summary>
    /// <param name="settings">The node's settings.</param>
    public static Dictionary<string, object> Of(GatewaySettings settings)
    {
        var carried = Carried(settings).ToImmutableArray();
        return ViewBuilder.Map(
            ("carried", !carried.IsEmpty),
            ("partners", !Partners(settings).IsEmpty),
            (
                "services",
                carried.Select(b => b.Binding.Service.Name).Distinct().Select(s => ViewBuilder.Map(("name", s))).ToImmutableArray()
            ),
            ("interfaces", carried.Select(b => settings.Addresses.NetworkOf(b.Binding.Address)!.Interface).Distinct().ToImmutableArray()),
            ("has_outgoing", carried.Any(b => b.Binding.Outgoing)),
            ("outgoing", carried.Where(b => b.Binding.Outgoing).Select(b => b.Binding.Address.ToString()).ToImmutableArray()),
            ("bindings", carried.Select(b => Binding(settings, b.Binding, b.Carriers)).ToImmutableArray())
        );
    }

    private static Dictionary<string, object> Binding(GatewaySettings settings, AddressBinding binding, ImmutableArray<Member> carriers)
    {
        var network = settings.Addresses.NetworkOf(binding.Address)!;
        var others = carriers.Where(m => m.Name != settings.System.Name).ToImmutableArray();
        var place = carriers.TakeWhile(m => m.Name != settings.System.Name).Count();
        return ViewBuilder.Map(
            ("name", $"{(binding.Address.AddressFamily == AddressFamily.InterNetwork ? "ip4" : "ip6")}-{binding.RouterId}"),
            ("address", binding.Address.ToString()),
            ("prefix", network.Prefix ?? (binding.Address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)),
            ("interface", network.Interface),
            ("router_id", binding.RouterId),
            ("priority", Math.Max(Lowest, Highest - place)),
            // Where nobody is preferred, nobody takes an address away from a node that is well.
            ("stays", carriers.All(m => m.Name != binding.Preferred)),
            ("service", binding.Service.Name),
            ("own", settings.System.Address.ToString()),
            ("shared", !others.IsEmpty),
            ("others", others.Select(m => m.Address.ToString()).ToImmutableArray())
        );
    }
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>What the templates of a database node see as <c>database</c>: the other copies, the votes, and whose logins there
/// are.</summary>
internal static class DatabaseView
{
    /// <summary>The view.</summary>
    /// <param name="settings">What the node is to be.</param>
    /// <param name="material">What the cluster gave it.</param>
    public static Dictionary<string, object> Build(GatewaySettings settings, ClusterMaterial material)
    {
        var members = Nodes(settings).ToImmutableArray();
        ImmutableArray<string> roles =
        [
            .. settings.Cluster.Peers.Select(p => p.Name).Append(settings.System.Name).Order(StringComparer.Ordinal),
        ];
        return new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["cluster"] = material.ClusterId,
            ["ipv6"] = settings.System.Address.AddressFamily == AddressFamily.InterNetworkV6,
            ["members"] = members.Select(m => Map(("name", m.Name), ("address", m.Address.ToString()))).ToImmutableArray(),
            ["roles"] = roles,
            ["pooled"] = members
                .SelectMany(m => roles.Where(r => r != m.Name).Select(r => Map(("node", m.Name), ("role", r))))
                .ToImmutableArray(),
            ["voter"] = material.Seat is not null,
            ["founds"] = material.Seat is { Founds: true },
            ["state"] = material.Seat?.State ?? "",
            ["initial"] = string.Join(',', material.Seat?.Initial ?? []),
        };
    }

    /// <summary>The database nodes, this one first.</summary>
    /// <param name="settings">What the node is to be.</param>
    public static IEnumerable<(string Name, IPAddress Address)> Nodes(GatewaySettings settings) =>
        settings
            .Cluster.Peers.Where(p => p.Profile.Has("database"))
            .Select(p => (p.Name, p.Address))
            .Prepend((settings.System.Name, settings.System.Address));

    private static Dictionary<string, object> Map(params ReadOnlySpan<(string Key, object Value)> pairs)
    {
        var map = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
            map.Add(key, value);
        return map;
    }
}

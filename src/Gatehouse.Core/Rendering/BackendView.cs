using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>What templates see of the services of the backend: which of them this node runs, and who is to be told of whom.</summary>
internal static class BackendView
{
    /// <summary>Adds the sections <c>redis</c>, <c>cache</c>, <c>queue</c>, <c>sessions</c> and <c>search</c>.</summary>
    public static void Add(Dictionary<string, object> view, GatewaySettings settings, Material material)
    {
        var members = Members.Of(settings);
        var caches = members.With("cache").ToImmutableArray();
        var queues = members.With("mq").ToImmutableArray();
        var own = settings.Backend.Of(ServiceKind.Redis);
        var scans = settings.Mta is not null;
        var shared = own is null && !caches.IsEmpty;
        view.Add(
            "redis",
            ViewBuilder.Map(
                (
                    "password",
                    shared ? material.Backend?.RedisPassword ?? new Secret("")
                    : own is not null ? own.Password?.Value ?? new Secret("")
                    : material.RedisPassword ?? new Secret("")
                ),
                ("has_password", own is null || own.Password is not null),
                ("local", scans && own is null && caches.IsEmpty),
                ("shared", shared),
                ("external", own is not null),
                ("server", Place(own))
            )
        );
        view.Add(
            "cache",
            ViewBuilder.Map(
                ("ours", shared && settings.System.Profile.Has("cache")),
                ("nodes", Nodes(caches)),
                ("first", caches.IsEmpty ? "" : caches[0].Address.ToString()),
                ("quorum", (caches.Length / 2) + 1)
            )
        );
        view.Add(
            "queue",
            ViewBuilder.Map(
                ("ours", settings.Backend.MessageQueue && settings.System.Profile.Has("mq")),
                ("first", !queues.IsEmpty && queues[0].Name == settings.System.Name),
                ("nodes", Nodes(queues)),
                ("others", Nodes(queues.Where(q => q.Name != settings.System.Name))),
                ("members", Nodes(members)),
                ("cookie", material.Backend?.ErlangCookie ?? new Secret(""))
            )
        );
        view.Add(
            "sessions",
            ViewBuilder.Map(
                (
                    "ours",
                    settings.Backend.Memcached
                        && Members.IsBackend(settings.System.Profile)
                        && members.Count(m => Members.IsBackend(m.Profile)) == 1
                )
            )
        );
        view.Add(
            "search",
            ViewBuilder.Map(
                ("ours", settings.Backend.SearchIndex && settings.System.Profile.Has("indexer")),
                ("others", Nodes(members.With("indexer").Where(m => m.Name != settings.System.Name)))
            )
        );
    }

    /// <summary>Who may reach which of the backend's ports, by the name of the firewall's set.</summary>
    public static IEnumerable<(string Name, IEnumerable<IPAddress> Addresses)> FirewallLists(GatewaySettings settings)
    {
        if (!settings.System.Profile.Clustered)
            return [];
        var members = Members.Of(settings);
        return
        [
            ("cache", Addresses(members.With("cache", "mail", "web"))),
            ("queue", settings.Backend.MessageQueue ? Addresses(members.With("mq")) : []),
            ("session", Addresses(members.With("web"))),
            ("search", Addresses(members.With("web", "indexer"))),
        ];
    }

    private static IEnumerable<IPAddress> Addresses(IEnumerable<Member> members) =>
        members.SelectMany(m => new[] { m.Address, m.Former }).OfType<IPAddress>();

    // Brackets are no part of a plain token: where a port follows, the template writes them.
    private static Dictionary<string, object> Place(ExternalService? service) =>
        ViewBuilder.Map(("host", service?.Place.Host ?? ""), ("ipv6", service?.Place.IsIPv6 == true), ("port", service?.Place.Port ?? 0));

    private static ImmutableArray<Dictionary<string, object>> Nodes(IEnumerable<Member> members) =>
        [
            .. members.Select(m =>
                ViewBuilder.Map(
                    ("name", m.Name),
                    ("id", m.Id),
                    ("address", m.Address.ToString()),
                    ("ipv6", m.Address.AddressFamily == AddressFamily.InterNetworkV6)
                )
            ),
        ];
}

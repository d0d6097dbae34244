using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>What an outside service is asked for.</summary>
public enum ServiceKind
{
    /// <summary>Redis (RESP, port 6379).</summary>
    Redis,

    /// <summary>A message queue (AMQP 0-9-1, port 5672 or 5671; its port mapper, 4369).</summary>
    Queue,

    /// <summary>PostgreSQL (5432), or PgBouncer in front of it (6432).</summary>
    Database,

    /// <summary>Sphinx (SphinxQL 9306, API 9312).</summary>
    Search,

    /// <summary>memcached (11211).</summary>
    Sessions,
}

/// <summary>A service of the administrator's own, in the place of the cluster's.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">The field that names it, for findings.</param>
/// <param name="Place">Where it is reached.</param>
/// <param name="User">Login name; empty where there is none.</param>
/// <param name="Password">Its password; null when none was given.</param>
public sealed record ExternalService(ServiceKind Kind, string Path, HostPort Place, string User, Password? Password);

/// <summary>The services behind mail and web in a cluster.</summary>
public sealed record BackendSettings
{
    /// <summary>That of a host in no cluster.</summary>
    public static BackendSettings None { get; } =
        new()
        {
            Memcached = false,
            SearchIndex = false,
            MessageQueue = false,
            External = [],
        };

    /// <summary>Whether memcached is wanted, on the one node of the backend.</summary>
    public required bool Memcached { get; init; }

    /// <summary>Whether the indexers run Sphinx.</summary>
    public required bool SearchIndex { get; init; }

    /// <summary>Whether the nodes of the message queue run RabbitMQ: it is wanted, and no external one takes its place.</summary>
    public required bool MessageQueue { get; init; }

    /// <summary>Services that take the place of the cluster's.</summary>
    public required ImmutableArray<ExternalService> External { get; init; }

    /// <summary>The service that takes the place of the cluster's of a kind; null when none does.</summary>
    public ExternalService? Of(ServiceKind kind) => External.FirstOrDefault(s => s.Kind == kind);
}

/// <summary>A member as the others see it: where it is, and what for.</summary>
/// <param name="Id">Its number; 0 when it is not known.</param>
/// <param name="Name">Its host name.</param>
/// <param name="Address">Its address.</param>
/// <param name="Profile">What kind of node it is.</param>
/// <param name="Former">The address that it had until lately; null when it did not move.</param>
public sealed record Member(int Id, string Name, IPAddress Address, Profile Profile, IPAddress? Former);

/// <summary>The members of the cluster by their duties.</summary>
public static class Members
{
    private static readonly ImmutableArray<string> Backend = ["database", "cache", "mq", "indexer"];

    /// <summary>Every member, this node among them, by number: the same order on each of them.</summary>
    /// <param name="settings">A node's settings.</param>
    public static ImmutableArray<Member> Of(GatewaySettings settings) =>
        !settings.System.Profile.Clustered
            ? []
            :
            [
                .. settings
                    .Cluster.Peers.Select(p => new Member(p.Id, p.Name, p.Address, p.Profile, p.Former))
                    .Append(new Member(settings.Cluster.Id, settings.System.Name, settings.System.Address, settings.System.Profile, null))
                    .OrderBy(m => m.Id)
                    .ThenBy(m => m.Name, StringComparer.Ordinal),
            ];

    /// <summary>Those that have at least one of some duties.</summary>
    public static IEnumerable<Member> With(this IEnumerable<Member> members, params ReadOnlySpan<string> roles)
    {
        var wanted = roles.ToArray();
        return members.Where(m => m.Profile.Roles.Any(wanted.Contains));
    }

    /// <summary>Whether nodes of a profile belong to the backend.</summary>
    public static bool IsBackend(Profile profile) => profile.Roles.Any(r => Backend.Contains(r));
}

using System.Collections.Immutable;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>
/// Which duties need which of the cluster's secrets. The registry gives a node the secrets of its duties and no others; nodes that hold the
/// registry have them all. A secret that is not listed is for those nodes alone.
/// </summary>
public static class SecretDuties
{
    /// <summary>Beginnings of secrets' names, and the duties that need them. The registry's table secret_duties holds the same.</summary>
    public static ImmutableArray<(string Prefix, string Duty)> All { get; } =
    [
        // Redis and its Sentinels on cache nodes, rspamd on mail nodes.
        (SharedSecret.RedisPassword, "cache"),
        (SharedSecret.RedisPassword, "mail"),
        (SharedSecret.ErlangCookie, "mq"),
        (SharedSecret.WebPassword, "web"),
        // Of services of the administrator's own, rspamd speaks to Redis; the other logins are only probed before a change.
        ("backend.redis_password", "mail"),
        ("backend.queue_password", "database"),
        ("backend.database_password", "database"),
        ("mta.", "mail"),
        ("scanner.", "mail"),
        ("quarantine.", "mail"),
        ("web.", "web"),
    ];

    /// <summary>Whether nodes of a profile get a secret.</summary>
    /// <param name="name">The secret's name.</param>
    /// <param name="profile">The profile.</param>
    public static bool Reaches(string name, Profile profile) =>
        profile.Has("database") || All.Any(d => profile.Has(d.Duty) && name.StartsWith(d.Prefix, StringComparison.Ordinal));
}

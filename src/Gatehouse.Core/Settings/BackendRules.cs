using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about the services of the backend.</summary>
internal static class BackendRules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        new("memcached stands alone", MemcachedAlone),
        new("a service is the cluster's or one's own, not both", NotBoth),
        new("generated passwords are of no use elsewhere", NoneGenerated),
        new("a node has something to run", SomethingToRun),
    ];

    // memcached cannot be clustered: each server would have sessions of its own, and lose them alone (Baruwa's rule for clustered
    // backends).
    private static void MemcachedAlone(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true } profile || !v.TryGet<bool>("backend.memcached", out var wanted) || !wanted)
            return;
        var nodes = v.Rows("cluster.peers")
            .Select(r => Profile.Find((string)r.Values["profile"])!)
            .Append(profile)
            .Count(Members.IsBackend);
        if (nodes > 1)
            report.Error(
                "memcached-clustered",
                "backend.memcached",
                $"memcached cannot be clustered, and the backend of this cluster has {nodes} nodes. Turn it off: sessions are kept in the "
                    + $"cluster's Redis, or in the cache of uWSGI.",
                v.OriginOf("backend.memcached")
            );
    }

    private static void NotBoth(ValueSet v, Inputs inputs, Report report)
    {
        foreach (
            var (own, ours) in new[]
            {
                ("backend.sessions", "backend.memcached"),
                ("backend.search", "backend.search_index"),
                ("backend.queue", "backend.message_queue"),
            }
        )
            if (v.TryGet<HostPort>(own, out var place) && v.TryGet<bool>(ours, out var wanted) && wanted)
                report.Error(
                    "given-twice",
                    own,
                    $"{place} is to take the place of what {ours} turns on; take one of the two away.",
                    v.OriginOf(own)
                );
    }

    private static void NoneGenerated(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var path in new[] { "backend.redis_password", "backend.queue_password", "backend.database_password" })
            if (v.TryGet<Password>(path, out var password) && password.Source is PasswordSource.Generate or PasswordSource.Hash)
                report.Error(
                    "not-known-there",
                    path,
                    "this is the password of a service that is there already: give the one that it knows, as {file: PATH}, {env: NAME} or "
                        + "{prompt: true}.",
                    v.OriginOf(path)
                );
    }

    private static void SomethingToRun(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { } profile)
            return;
        var why = profile.Name switch
        {
            "indexer" when v.TryGet<bool>("backend.search_index", out var index) && !index => "backend.search_index is off",
            "cache" when v.TryGet<HostPort>("backend.redis", out _) => "backend.redis names a Redis elsewhere",
            "mq" when v.TryGet<bool>("backend.message_queue", out var queue) && !queue => "backend.message_queue is off",
            _ => null,
        };
        if (why is not null)
            report.Warn(
                "nothing-to-run",
                "system.profile",
                $"a node of profile '{profile.Name}' has nothing to run: {why}. It becomes a member and waits.",
                v.OriginOf("system.profile")
            );
    }
}

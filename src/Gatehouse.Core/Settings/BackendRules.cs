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
        new("memcached runs on a single backend node", MemcachedAlone),
        new("a service is either the cluster's or an external one", NotBoth),
        new("an external service has no generated password", NoneGenerated),
        new("a node runs at least one service", SomethingToRun),
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
                $"memcached cannot be clustered, and the backend of this cluster has {nodes} nodes. Turn it off: sessions "
                    + "are then stored in the cluster's Redis or in the uWSGI cache.",
                v.OriginOf("backend.memcached")
            );
    }

    private static void NotBoth(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var (own, ours) in new[] { ("backend.sessions", "backend.memcached"), ("backend.search", "backend.search_index") })
            if (v.TryGet<HostPort>(own, out var place) && v.TryGet<bool>(ours, out var wanted) && wanted)
                report.Error(
                    "given-twice",
                    own,
                    $"{place} replaces the service that {ours} turns on; remove one of the two settings.",
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
                    "this is the password of an existing service and cannot be generated; give its password as {file: "
                        + "PATH}, {env: NAME} or {prompt: true}.",
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
            "cache" when v.TryGet<HostPort>("backend.redis", out _) => "backend.redis names an external Redis",
            "mq" when v.TryGet<HostPort>("backend.queue", out _) => "backend.queue names a message queue elsewhere",
            "mq" when v.TryGet<bool>("backend.message_queue", out var queue) && !queue => "backend.message_queue is off",
            _ => null,
        };
        if (why is not null)
            report.Warn(
                "nothing-to-run",
                "system.profile",
                $"a node of profile '{profile.Name}' has nothing to run: {why}. It becomes an idle member.",
                v.OriginOf("system.profile")
            );
    }
}

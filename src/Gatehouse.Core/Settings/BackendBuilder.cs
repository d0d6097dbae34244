using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Makes the settings of the backend's services.</summary>
internal static class BackendBuilder
{
    public static BackendSettings Build(ValueSet v)
    {
        var settings = new BackendSettings
        {
            Memcached = v.Get<bool>("backend.memcached"),
            SearchIndex = v.Get<bool>("backend.search_index"),
            MessageQueue = v.Get<bool>("backend.message_queue") && !v.TryGet<HostPort>("backend.queue", out _),
            External =
            [
                .. new[]
                {
                    Service(
                        v,
                        ServiceKind.Redis,
                        "backend.redis",
                        "",
                        v.TryGet<Password>("backend.redis_password", out var redis) ? redis : null
                    ),
                    Service(
                        v,
                        ServiceKind.Queue,
                        "backend.queue",
                        v.Text("backend.queue_user"),
                        v.TryGet<Password>("backend.queue_password", out var queue) ? queue : null
                    ),
                    Service(
                        v,
                        ServiceKind.Database,
                        "backend.database",
                        v.Text("backend.database_user"),
                        v.TryGet<Password>("backend.database_password", out var database) ? database : null
                    ),
                    Service(v, ServiceKind.Search, "backend.search", "", null),
                    Service(v, ServiceKind.Sessions, "backend.sessions", "", null),
                }.OfType<ExternalService>(),
            ],
        };
        return v.Profile!.Clustered ? settings : BackendSettings.None;
    }

    private static ExternalService? Service(ValueSet v, ServiceKind kind, string path, string user, Password? password) =>
        v.TryGet<HostPort>(path, out var place) ? new ExternalService(kind, path, place, user, password) : null;
}

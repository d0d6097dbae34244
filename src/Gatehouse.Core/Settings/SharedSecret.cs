using System.Collections.Immutable;

namespace Gatehouse.Core.Settings;

/// <summary>Secrets that a cluster makes for itself, the same on all its nodes. They are sealed like those of its answers.</summary>
public static class SharedSecret
{
    /// <summary>The password of the cluster's Redis.</summary>
    public const string RedisPassword = "cluster.redis-password";

    /// <summary>The Erlang cookie of the message queue.</summary>
    public const string ErlangCookie = "cluster.erlang-cookie";

    /// <summary>The password of the management web, where nobody chose one: whichever node a balancer leads to, it is the same.</summary>
    public const string WebPassword = "cluster.web-password";

    /// <summary>All of them, and how many letters and digits each has: more than 200 bits where programs use it, more than 100 where
    /// somebody may have to type it.</summary>
    public static ImmutableArray<(string Name, int Length)> All { get; } = [(RedisPassword, 48), (ErlangCookie, 48), (WebPassword, 20)];
}

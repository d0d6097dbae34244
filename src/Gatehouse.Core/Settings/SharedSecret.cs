using System.Collections.Immutable;

namespace Gatehouse.Core.Settings;

/// <summary>Secrets that a cluster makes for itself, the same on all nodes of its backend. They are sealed like those of its answers.</summary>
public static class SharedSecret
{
    /// <summary>The password of the cluster's Redis.</summary>
    public const string RedisPassword = "cluster.redis-password";

    /// <summary>The Erlang cookie of the message queue.</summary>
    public const string ErlangCookie = "cluster.erlang-cookie";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [RedisPassword, ErlangCookie];

    /// <summary>How many letters and digits each has: more than 200 bits.</summary>
    public const int Length = 48;
}

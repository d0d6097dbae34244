using Gatehouse.Core.Clusters;

namespace Gatehouse.Agent;

/// <summary>Where an agent finds what it works with, and where it listens: the same on every host, and elsewhere only in tests.</summary>
internal sealed record AgentPlaces
{
    /// <summary>Those of a host.</summary>
    public static readonly AgentPlaces Usual = new();

    /// <summary>The directory of the certificates.</summary>
    public string Pki { get; init; } = Credentials.Directory;

    /// <summary>What the node knows of itself.</summary>
    public string Node { get; init; } = LocalNode.Path;

    /// <summary>The last view of the cluster.</summary>
    public string View { get; init; } = ViewCache.Path;

    /// <summary>The sign that wakes the unit that follows.</summary>
    public string Sign { get; init; } = "/run/gatehouse-agent/follow";

    /// <summary>The sign that there was nothing to follow at the last beat: the timer spares its run while it is new.</summary>
    public string Quiet { get; init; } = "/run/gatehouse-agent/quiet";

    /// <summary>Where lines of all members' logs are kept, on a node that collects them.</summary>
    public string CollectedLogs { get; init; } = "/var/log/gatehouse-cluster";

    /// <summary>The hosts file; null where nobody looks at it.</summary>
    public string? Hosts { get; init; } = HostNames.Path;

    /// <summary>The TCP port.</summary>
    public int Port { get; init; } = MemberTls.Port;
}

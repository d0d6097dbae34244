namespace Gatehouse.Registry;

/// <summary>Where the registry is.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>The address of the host whose database answers; null over the local socket.</summary>
    public Task<string?> HostAsync(CancellationToken ct = default) => ScalarAsync<string?>(new("SELECT host(inet_server_addr())"), ct);
}

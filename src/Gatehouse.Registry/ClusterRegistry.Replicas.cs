using System.Collections.Immutable;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Registry;

/// <summary>The replicas of the registry.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>The replicas that receive from the primary now, as the primary sees them; null while its host runs an older release, which
    /// does not tell.</summary>
    public async Task<ImmutableArray<Replica>?> ReplicasAsync(CancellationToken ct = default)
    {
        try
        {
            return await RowsAsync(
                new("SELECT name, state, behind FROM gatehouse.replicas()"),
                r => new Replica(r.GetString(0), r.GetInt64(2)),
                ct
            );
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.Schema)
        {
            return null;
        }
    }
}

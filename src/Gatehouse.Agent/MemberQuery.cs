using System.Collections.Immutable;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;

namespace Gatehouse.Agent;

/// <summary>Asks several members at the same time, with one deadline, so that a dead one holds up nothing.</summary>
public static class MemberQuery
{
    /// <summary>Asks all.</summary>
    /// <param name="nodes">The members.</param>
    /// <param name="connect">Makes the client for one.</param>
    /// <param name="ask">Asks one; an <see cref="AgentException"/> or a <see cref="TrustException"/> counts as no answer.</param>
    /// <param name="within">How long all of it may take.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Each member with its answer; the default value where there is none in time.</returns>
    public static async Task<ImmutableArray<(ClusterNode Node, T? Answer)>> AskAllAsync<T>(
        IEnumerable<ClusterNode> nodes,
        Func<ClusterNode, AgentClient> connect,
        Func<AgentClient, CancellationToken, Task<T>> ask,
        TimeSpan within,
        CancellationToken ct
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(within);
        return
        [
            .. await Task.WhenAll(
                nodes.Select(async node =>
                {
                    try
                    {
                        using var client = connect(node);
                        return (node, (T?)await ask(client, limit.Token));
                    }
                    catch (Exception e)
                        when (e is AgentException or TrustException || (e is OperationCanceledException && !ct.IsCancellationRequested))
                    {
                        return (node, default(T));
                    }
                })
            ),
        ];
    }
}

using Gatehouse.Core.Clusters;

namespace Gatehouse.Agent;

/// <summary>Tells members that there is something to look at. Who does not hear it finds it by itself within minutes.</summary>
public static class Nudges
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Tells all at the same time; a dead one hinders nobody.</summary>
    /// <param name="nodes">Whom.</param>
    /// <param name="own">Who tells it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>How many have heard it.</returns>
    public static async Task<int> SendAsync(IEnumerable<ClusterNode> nodes, Credentials own, TimeProvider clock, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        var heard = await Task.WhenAll(
            nodes.Select(async node =>
            {
                try
                {
                    using var client = AgentClient.Member(own, node, clock);
                    await client.NudgeAsync(limit.Token);
                    return true;
                }
                catch (Exception e) when (e is AgentException || (e is OperationCanceledException && !ct.IsCancellationRequested))
                {
                    return false;
                }
            })
        );
        return heard.Count(h => h);
    }
}

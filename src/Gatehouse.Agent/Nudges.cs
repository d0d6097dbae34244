using Gatehouse.Core.Clusters;

namespace Gatehouse.Agent;

/// <summary>Notifies members of a change. One that misses it looks by itself within minutes.</summary>
public static class Nudges
{
    /// <summary>Notifies all at the same time.</summary>
    /// <param name="nodes">The members.</param>
    /// <param name="own">The credentials of this node.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>How many were reached.</returns>
    public static async Task<int> SendAsync(IEnumerable<ClusterNode> nodes, Credentials own, TimeProvider clock, CancellationToken ct)
    {
        var answers = await MemberQuery.AskAllAsync(
            nodes,
            node => AgentClient.Member(own, node, clock),
            async (client, limit) =>
            {
                await client.NudgeAsync(limit);
                return true;
            },
            Timeouts.Nudge,
            ct
        );
        return answers.Count(a => a.Answer);
    }
}

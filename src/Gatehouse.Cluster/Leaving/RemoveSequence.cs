using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Leaving;

/// <summary>Removes a member: the issuer does it, asked by one that holds the registry, or by the member itself.</summary>
internal static class RemoveSequence
{
    /// <summary>Has a member removed.</summary>
    /// <param name="machine">This host.</param>
    /// <param name="me">This node.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="node">Whom.</param>
    /// <param name="why">Why, for the record.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">This member may not.</exception>
    public static async Task<RemoveAnswer> RunAsync(
        LocalMachine machine,
        LocalNode me,
        ClusterView view,
        ClusterNode node,
        string why,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        if (KeeperRules.RemovalRefusal(view, me.Number, node.Number) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
        var request = new RemoveRequest(node.Number, node.Name, why);
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        if (view.Cluster.Issuer == me.Number)
        {
            using var issuing =
                Issuer.Read(machine.Real(Credentials.Directory), clock)
                ?? throw new TrustException(
                    "this node is the issuer, and its issuing CA's key is not here; 'gatehouse promote' makes a new one."
                );
            await using var registry = RegistryAccess.Open(me);
            return await Removal.RunAsync(registry, issuing, own, request, clock, ct);
        }

        var issuer = view.Node(view.Cluster.Issuer)!;
        using var client = AgentClient.Member(own, issuer, clock);
        try
        {
            return await client.RemoveAsync(request, ct);
        }
        catch (AgentException e) when (e.Refusal is null)
        {
            throw new AgentException(
                $"the issuer alone can remove a member, and it cannot be asked: {e.Message}\nIf {issuer.Name} is lost, make another node "
                    + $"the issuer: 'gatehouse promote' there, with the master token.",
                null,
                e
            );
        }
    }
}

using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Says which member calls, and whether this node may answer as the issuer.</summary>
internal sealed class Callers(AgentState state, TimeProvider clock)
{
    /// <summary>The member that calls.</summary>
    /// <exception cref="RefusedException">No member calls, or one that was removed.</exception>
    public NodeIdentity Member(HttpContext context)
    {
        var caller = Exchange.Member(context, state.Credentials.Trust, clock.GetUtcNow());
        // A revocation list names what its CA has signed; a certificate of a CA whose key is lost can be refused by the record alone.
        return state.View?.Node(caller.Number) is { State: NodeState.Removed } ? throw Removed(caller) : caller;
    }

    /// <summary>The member that asks for its next certificate, and the one that it shows, which may have expired.</summary>
    /// <exception cref="RefusedException">No member calls.</exception>
    public (NodeIdentity Caller, X509Certificate2 Shown) Renewing(HttpContext context) =>
        Exchange.Renewing(context, state.Credentials.Trust, clock.GetUtcNow());

    /// <summary>The node of the registry that a caller is.</summary>
    /// <exception cref="RefusedException">The registry knows no such member.</exception>
    public static ClusterNode Known(ClusterView view, NodeIdentity caller) =>
        view.Node(caller.Number) is { State: not NodeState.Removed } node && node.Name == caller.Name ? node : throw Removed(caller);

    /// <summary>The issuing CA, to be disposed.</summary>
    /// <exception cref="RefusedException">This node is not the issuer.</exception>
    public Issuer Issuer() => Agent.Issuer.Read(state.Places.Pki, clock) ?? throw NotIssuer();

    /// <summary>What another node is told that took this one for the issuer.</summary>
    public RefusedException NotIssuer() =>
        new(StatusCodes.Status421MisdirectedRequest, "not-issuer", $"{state.Node.Name} is not the cluster's issuer.");

    private static RefusedException Removed(NodeIdentity caller) =>
        new(StatusCodes.Status403Forbidden, "no-member", $"{caller.Name} is no member any more.");
}

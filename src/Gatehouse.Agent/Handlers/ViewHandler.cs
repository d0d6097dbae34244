using Gatehouse.Core.Clusters.Messages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Gives a member the cluster as this node saw it last, for times at which the registry is unreachable.</summary>
internal sealed class ViewHandler(Callers callers, AgentState state) : IHandler
{
    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public string Path => "/v1/view";

    /// <inheritdoc/>
    public Task AnswerAsync(HttpContext context)
    {
        callers.Member(context);
        var view =
            state.View
            ?? throw new RefusedException(
                StatusCodes.Status503ServiceUnavailable,
                "no-view",
                $"{state.Node.Name} has not seen the cluster yet."
            );
        return Exchange.WriteAsync(context, view, Wire.Default.ClusterView);
    }
}

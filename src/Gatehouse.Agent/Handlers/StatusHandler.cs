using Gatehouse.Core.Clusters.Messages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Tells a member how this node is.</summary>
internal sealed class StatusHandler(Callers callers, Heart heart) : IHandler
{
    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public string Path => "/v1/status";

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        callers.Member(context);
        await Exchange.WriteAsync(context, await heart.StatusAsync(context.RequestAborted), Wire.Default.NodeStatus);
    }
}

using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Notes that the cluster has changed: the heartbeat loop looks at once.</summary>
internal sealed class NudgeHandler(Callers callers, Heart heart) : IHandler
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public string Path => "/v1/nudge";

    /// <inheritdoc/>
    public Task AnswerAsync(HttpContext context)
    {
        callers.Member(context);
        heart.Wake();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

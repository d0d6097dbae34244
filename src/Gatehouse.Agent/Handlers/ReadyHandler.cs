using Gatehouse.Core.Clusters.Messages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>A host that joined is set up: it becomes an active member, and its own answers are filed.</summary>
internal sealed class ReadyHandler(Callers callers, AgentState state) : IHandler
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public string Path => "/v1/ready";

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        var caller = callers.Member(context);
        var request = await Exchange.ReadAsync(context, Wire.Default.ReadyRequest);
        using var issuer = callers.Issuer();
        var view = await state.LookAsync(context.RequestAborted);
        await state.Registry.ActivateAsync(view.Cluster.Epoch, caller.Number, request.Answers, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}

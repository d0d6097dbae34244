using Gatehouse.Core.Clusters.Messages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Gives any client the revocation lists; they are signed, and not secret.</summary>
internal sealed class RevocationsHandler(AgentState state) : IHandler
{
    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public string Path => "/v1/revocations";

    /// <inheritdoc/>
    public Task AnswerAsync(HttpContext context) =>
        Exchange.WriteAsync(context, new Revocations(state.View?.RevocationLists ?? []), Wire.Default.Revocations);
}

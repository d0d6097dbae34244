using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Values;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Tells any client which cluster this is, its CA, and where its issuer listens.</summary>
internal sealed class IntroductionHandler(AgentState state) : IHandler
{
    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public string Path => "/v1/introduction";

    /// <inheritdoc/>
    public Task AnswerAsync(HttpContext context)
    {
        var issuer = state.View is { } view ? view.Node(view.Cluster.Issuer) : null;
        return Exchange.WriteAsync(
            context,
            new Introduction(
                JoinRequest.ThisProtocol,
                state.Node.Cluster,
                state.Node.ClusterName,
                issuer is null ? "" : new HostPort(issuer.Address.ToString(), issuer.Port).ToString(),
                [.. state.Credentials.Trust.Roots.Select(r => r.ExportCertificatePem())]
            ),
            Wire.Default.Introduction
        );
    }
}

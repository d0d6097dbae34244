using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>
/// Signs a member's next certificate, on the issuer. Name and address are those of the registry, because a certificate is also renewed
/// after a change of either.
/// </summary>
internal sealed class RenewHandler(Callers callers, AgentState state, TimeProvider clock) : IHandler
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public string Path => "/v1/renew";

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        var (caller, shown) = callers.Renewing(context);
        var request = await Exchange.ReadAsync(context, Wire.Default.RenewRequest);
        var answer = await RenewAsync(caller, shown, request, context.RequestAborted);
        await Exchange.WriteAsync(context, answer, Wire.Default.RenewAnswer);
    }

    private async Task<RenewAnswer> RenewAsync(NodeIdentity caller, X509Certificate2 shown, RenewRequest request, CancellationToken ct)
    {
        using var issuer = callers.Issuer();
        if (!SigningRequest.Judge(Encoding.UTF8.GetBytes(request.Request), out var key, out var problem))
            throw new RefusedException(StatusCodes.Status400BadRequest, "request", $"the certificate request {problem}.");
        var view = await state.LookAsync(ct);
        var node = Callers.Known(view, caller);
        if (view.Cluster.Issuer != state.Node.Number)
            throw callers.NotIssuer();
        if (clock.GetUtcNow() >= shown.NotAfter)
            await RequireLastAsync(node, shown, ct);
        long? epoch = node.Number == view.Cluster.Issuer ? view.Cluster.Epoch : null;
        var certificate = issuer.Sign(node.Number, node.Name, node.Address, epoch, key);
        await state.Registry.AddCertificateAsync(view.Cluster.Epoch, node.Number, certificate, ct);
        return new RenewAnswer(certificate.Pem);
    }

    // An older certificate may lie in a backup, which must not let its holder become the node.
    private async Task RequireLastAsync(ClusterNode node, X509Certificate2 shown, CancellationToken ct)
    {
        var last = (await state.Registry.CertificatesAsync(ct)).Where(c => c.Node == node.Number).MaxBy(c => c.Issued.NotAfter);
        if (last is not { Revoked: null } || last.Issued.Serial != Issuer.SerialOf(shown))
            throw new RefusedException(
                StatusCodes.Status403Forbidden,
                Distrust.Expired,
                $"the certificate that {node.Name} shows has ended, and is not the last one that was made for it. Remove the node and "
                    + $"let it join again."
            );
    }
}

using System.Net;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>
/// Records a member's new address, on the issuer, for a node that the database's firewall does not admit from there yet. A node moves
/// only itself.
/// </summary>
internal sealed class MoveHandler(Callers callers, AgentState state) : IHandler
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public string Path => "/v1/move";

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        var caller = callers.Member(context);
        var request = await Exchange.ReadAsync(context, Wire.Default.MoveRequest);
        await MoveAsync(caller, request, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task MoveAsync(NodeIdentity caller, MoveRequest request, CancellationToken ct)
    {
        using var issuer = callers.Issuer();
        var view = await state.LookAsync(ct);
        var node = Callers.Known(view, caller);
        if (!IPAddress.TryParse(request.Address, out var address))
            throw Refused("that is no address.");
        if (AddressRules.Refusal(view, caller.Number, address) is { } refusal)
            throw Refused(refusal);
        await state.Registry.MoveNodeAsync(view.Cluster.Epoch, caller.Number, new NodePlace(address, node.Port, node.Location), ct);
    }

    private static RefusedException Refused(string why) => new(StatusCodes.Status400BadRequest, "address", why);
}

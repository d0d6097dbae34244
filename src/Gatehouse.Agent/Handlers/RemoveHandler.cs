using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>Removes a node, on the issuer.</summary>
internal sealed class RemoveHandler(Callers callers, AgentState state, TimeProvider clock) : IHandler
{
    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public string Path => "/v1/remove";

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        var caller = callers.Member(context);
        var request = await Exchange.ReadAsync(context, Wire.Default.RemoveRequest);
        var answer = await RemoveAsync(caller, request, context.RequestAborted);
        await Exchange.WriteAsync(context, answer, Wire.Default.RemoveAnswer);
    }

    private async Task<RemoveAnswer> RemoveAsync(NodeIdentity caller, RemoveRequest request, CancellationToken ct)
    {
        using var issuer = callers.Issuer();
        try
        {
            if (KeeperRules.RemovalRefusal(await state.LookAsync(ct), caller.Number, request.Number) is { } refusal)
                throw new RefusedException(StatusCodes.Status403Forbidden, "not-allowed", refusal);
            return await Removal.RunAsync(state.Registry, issuer, state.Credentials, request, clock, ct);
        }
        catch (RegistryException e)
        {
            throw new RefusedException(
                e.Failure == RegistryFailure.Unreachable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status409Conflict,
                e.Failure.ToString().ToLowerInvariant(),
                e.Message
            );
        }
    }
}

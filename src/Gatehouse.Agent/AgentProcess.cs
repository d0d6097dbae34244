using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent;

/// <summary>The agent of a member: beats, answers, and on the issuer receives who joins and renews certificates.</summary>
public static class AgentProcess
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    /// <summary>Runs until it is told to stop.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="clock">The time.</param>
    /// <param name="release">The release that runs.</param>
    /// <param name="log">Takes what is to be told, a line each.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="TrustException">This host is no member, or its certificates cannot be read.</exception>
    public static Task RunAsync(IMachine machine, TimeProvider clock, string release, Action<string> log, CancellationToken ct) =>
        RunAsync(AgentPlaces.Usual, machine, clock, release, log, ct);

    internal static async Task RunAsync(AgentPlaces places, IMachine machine, TimeProvider clock, string release, Action<string> log, CancellationToken ct)
    {
        await using var state = new AgentState(places);
        using var heart = new Heart(state, machine, clock, release, log);
        using var desk = new JoinDesk(state, clock, release);
        using var logs = new LogDesk(places.CollectedLogs, ct);
        await using var server = AgentServer.Build(places.Port, () => state.Credentials, Routes(state, heart, desk, logs, clock), clock, log);
        await server.StartAsync(ct);
        ServiceManager.Notify("READY=1");
        log($"{state.Node.Name}, node {state.Node.Number} of {state.Node.ClusterName}, answers on port {places.Port}");
        await heart.RunAsync(ct);
        ServiceManager.Notify("STOPPING=1");
        // Whoever is in the middle of a request gets his answer, if he goes on; systemd has 15 seconds of patience with both.
        using var farewell = new CancellationTokenSource(Farewell);
        await server.StopAsync(farewell.Token);
    }

    private static Route[] Routes(AgentState state, Heart heart, JoinDesk desk, LogDesk logs, TimeProvider clock)
    {
        return
        [
            new("GET", "/v1/introduction", context => Exchange.WriteAsync(context, Introduce(), Wire.Default.Introduction)),
            new("POST", "/v1/join", async context =>
            {
                var request = await Exchange.ReadAsync(context, Wire.Default.JoinRequest);
                var from = context.Connection.RemoteIpAddress is { } a ? (a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a).ToString() : "";
                await Exchange.WriteAsync(context, await desk.AnswerAsync(request, from, context.RequestAborted), Wire.Default.JoinAnswer);
            }),
            new("GET", "/v1/status", async context =>
            {
                Member(context);
                await Exchange.WriteAsync(context, await heart.StatusAsync(context.RequestAborted), Wire.Default.NodeStatus);
            }),
            new("POST", "/v1/renew", async context =>
            {
                var (caller, shown) = Exchange.Renewing(context, state.Credentials.Trust, clock.GetUtcNow());
                var request = await Exchange.ReadAsync(context, Wire.Default.RenewRequest);
                await Exchange.WriteAsync(context, await RenewAsync(caller, shown, request, context.RequestAborted), Wire.Default.RenewAnswer);
            }),
            new("POST", "/v1/ready", async context =>
            {
                var caller = Member(context);
                var request = await Exchange.ReadAsync(context, Wire.Default.ReadyRequest);
                using var issuer = Issuer.Read(state.Places.Pki, clock) ?? throw NotIssuer();
                var view = await state.LookAsync(context.RequestAborted);
                await state.Registry.ActivateAsync(view.Cluster.Epoch, caller.Number, request.Answers, context.RequestAborted);
                context.Response.StatusCode = StatusCodes.Status204NoContent;
            }),
            new("POST", "/v1/move", async context =>
            {
                var caller = Member(context);
                var request = await Exchange.ReadAsync(context, Wire.Default.MoveRequest);
                await MoveAsync(caller, request, context.RequestAborted);
                context.Response.StatusCode = StatusCodes.Status204NoContent;
            }),
            new("GET", "/v1/view", context =>
            {
                Member(context);
                var view = state.View ?? throw new RefusedException(StatusCodes.Status503ServiceUnavailable, "no-view", $"{state.Node.Name} has not seen the cluster yet.");
                return Exchange.WriteAsync(context, view, Wire.Default.ClusterView);
            }),
            new("GET", "/v1/logs", context =>
            {
                Member(context);
                return logs.AnswerAsync(context);
            }),
            new("POST", "/v1/remove", async context =>
            {
                var caller = Member(context);
                var request = await Exchange.ReadAsync(context, Wire.Default.RemoveRequest);
                await Exchange.WriteAsync(context, await RemoveAsync(caller, request, context.RequestAborted), Wire.Default.RemoveAnswer);
            }),
            new("GET", "/v1/revocations", context => Exchange.WriteAsync(context, new Revocations(state.View?.RevocationLists ?? []), Wire.Default.Revocations)),
            new("POST", "/v1/nudge", context =>
            {
                Member(context);
                heart.Wake();
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }),
        ];

        // A list names what its CA has signed; a certificate of a CA whose key is gone can be refused by the record alone.
        NodeIdentity Member(HttpContext context)
        {
            var caller = Exchange.Member(context, state.Credentials.Trust, clock.GetUtcNow());
            return state.View?.Node(caller.Number) is { State: NodeState.Removed } ? throw NoMember(caller) : caller;
        }

        RefusedException NoMember(NodeIdentity caller) => new(StatusCodes.Status403Forbidden, "no-member", $"{caller.Name} is no member any more.");

        RefusedException NotIssuer() => new(StatusCodes.Status421MisdirectedRequest, "not-issuer", $"{state.Node.Name} is not the cluster's issuer.");

        Introduction Introduce()
        {
            var issuer = state.View is { } view ? view.Node(view.Cluster.Issuer) : null;
            return new Introduction(JoinRequest.ThisProtocol, state.Node.Cluster, state.Node.ClusterName,
                issuer is null ? "" : issuer.Address.ToString().Contains(':', StringComparison.Ordinal) ? $"[{issuer.Address}]:{issuer.Port}" : $"{issuer.Address}:{issuer.Port}",
                [.. state.Credentials.Trust.Roots.Select(r => r.ExportCertificatePem())]);
        }

        // Name and address are those of the registry: a certificate is renewed after a change of either, too.
        async Task<RenewAnswer> RenewAsync(NodeIdentity caller, X509Certificate2 shown, RenewRequest request, CancellationToken ct)
        {
            using var issuer = Issuer.Read(state.Places.Pki, clock) ?? throw NotIssuer();
            if (!SigningRequest.Judge(Encoding.UTF8.GetBytes(request.Request), out var key, out var problem)) throw new RefusedException(StatusCodes.Status400BadRequest, "request", $"the certificate request {problem}.");
            var view = await state.LookAsync(ct);
            if (view.Node(caller.Number) is not { } node || node.State == NodeState.Removed || node.Name != caller.Name) throw NoMember(caller);
            if (view.Cluster.Issuer != state.Node.Number) throw NotIssuer();
            if (clock.GetUtcNow() >= shown.NotAfter) await RequireLastAsync(node, shown, ct);
            var certificate = issuer.Sign(node.Number, node.Name, node.Address, node.Number == view.Cluster.Issuer ? view.Cluster.Epoch : null, key);
            await state.Registry.AddCertificateAsync(view.Cluster.Epoch, node.Number, certificate, ct);
            return new RenewAnswer(certificate.Pem);
        }

        // An older one may be in some backup; who has that must not become the node by it.
        async Task RequireLastAsync(ClusterNode node, X509Certificate2 shown, CancellationToken ct)
        {
            var last = (await state.Registry.CertificatesAsync(ct)).Where(c => c.Node == node.Number).MaxBy(c => c.Issued.NotAfter);
            if (last is not { Revoked: null } || last.Issued.Serial != Issuer.SerialOf(shown))
                throw new RefusedException(StatusCodes.Status403Forbidden, Distrust.Expired, $"the certificate that {node.Name} shows has ended, and is not the last one that was made for it. Remove the node and let it join again.");
        }

        // For a node whose new address the database's firewall does not know yet. A node moves itself alone.
        async Task MoveAsync(NodeIdentity caller, MoveRequest request, CancellationToken ct)
        {
            using var issuer = Issuer.Read(state.Places.Pki, clock) ?? throw NotIssuer();
            var view = await state.LookAsync(ct);
            if (view.Node(caller.Number) is not { } node || node.State == NodeState.Removed || node.Name != caller.Name) throw NoMember(caller);
            if (!IPAddress.TryParse(request.Address, out var address) || AddressRules.Refusal(view, caller.Number, address) is not null)
                throw new RefusedException(StatusCodes.Status400BadRequest, "address", IPAddress.TryParse(request.Address, out address) ? AddressRules.Refusal(view, caller.Number, address)! : "that is no address.");
            await state.Registry.MoveNodeAsync(view.Cluster.Epoch, caller.Number, new NodePlace(address, node.Port, node.Location), ct);
        }

        async Task<RemoveAnswer> RemoveAsync(NodeIdentity caller, RemoveRequest request, CancellationToken ct)
        {
            using var issuer = Issuer.Read(state.Places.Pki, clock) ?? throw NotIssuer();
            try
            {
                if (KeeperRules.RemovalRefusal(await state.LookAsync(ct), caller.Number, request.Number) is { } refusal) throw new RefusedException(StatusCodes.Status403Forbidden, "not-allowed", refusal);
                return await Removal.RunAsync(state.Registry, issuer, state.Credentials, request, clock, ct);
            }
            catch (RegistryException e)
            {
                throw new RefusedException(e.Failure == RegistryFailure.Unreachable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status409Conflict, e.Failure.ToString().ToLowerInvariant(), e.Message);
            }
        }
    }
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Joining;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Agent.Handlers;

/// <summary>
/// Admits a host that joins, on the issuer, or says why not. An empty certificate request asks whether it would be admitted. Nothing
/// that a host says of itself is trusted but its key and its address.
/// </summary>
internal sealed class JoinHandler(AgentState state, TimeProvider clock, string release) : IHandler, IDisposable
{
    // Callers with wrong codes are slowed, never those with a valid one. The code itself bears ten wrong secrets at most.
    private readonly WrongCodes wrong = new();

    /// <inheritdoc/>
    public string Method => "POST";

    /// <inheritdoc/>
    public string Path => "/v1/join";

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        var request = await Exchange.ReadAsync(context, Wire.Default.JoinRequest);
        var from = context.Connection.RemoteIpAddress is { } a ? (a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a).ToString() : "";
        await Exchange.WriteAsync(context, await AnswerAsync(request, from, context.RequestAborted), Wire.Default.JoinAnswer);
    }

    private async Task<JoinAnswer> AnswerAsync(JoinRequest request, string from, CancellationToken ct)
    {
        var place = CallerPlace.Of(IPAddress.TryParse(from, out var caller) ? caller : null);
        if (wrong.AreTooMany(place))
            throw new RefusedException(
                StatusCodes.Status429TooManyRequests,
                "too-many",
                "too many wrong codes came from this address; wait a minute."
            );
        using var issuer = Issuer.Read(state.Places.Pki, clock) ?? throw await NotIssuerAsync(state.View, ct);
        try
        {
            return await AnswerAsync(request, issuer, from, ct);
        }
        catch (RegistryException e)
            when (e.Failure is RegistryFailure.UnknownCode or RegistryFailure.WrongSecret or RegistryFailure.WrongCluster)
        {
            wrong.Add(place);
            throw new RefusedException(StatusCodes.Status403Forbidden, Word(e.Failure), e.Message);
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
        {
            throw new RefusedException(
                StatusCodes.Status503ServiceUnavailable,
                "registry",
                $"the cluster's registry cannot be reached now, so nobody can join: {e.Message}"
            );
        }
        catch (RegistryException e)
        {
            throw new RefusedException(StatusCodes.Status403Forbidden, Word(e.Failure), e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => wrong.Dispose();

    private async Task<JoinAnswer> AnswerAsync(JoinRequest request, Issuer issuer, string from, CancellationToken ct)
    {
        // Read the clock before queueing, so that the wait does not count as clock skew.
        var arrived = clock.GetUtcNow();
        if (!IPAddress.TryParse(request.Address, out var address))
            throw new RefusedException(StatusCodes.Status400BadRequest, "address", $"'{request.Address}' is no address.");
        if (request.EchoPort is < 0 or > IPEndPoint.MaxPort || request.Port is < 1 or > IPEndPoint.MaxPort)
            throw new RefusedException(StatusCodes.Status400BadRequest, "port", "a port is 1 to 65535.");
        var asked = request.Request.Length == 0;
        PublicKey? key = null;
        if (!asked && !SigningRequest.Judge(Encoding.UTF8.GetBytes(request.Request), out key, out var problem))
            throw new RefusedException(StatusCodes.Status400BadRequest, "request", $"the certificate request {problem}.");
        var view = await state.LookAsync(ct);
        if (view.Cluster.Issuer != state.Node.Number)
            throw await NotIssuerAsync(view, ct);
        var redeem = new RedeemRequest(
            view.Cluster.Id,
            CodeNumber(request.Code),
            key is null ? "" : Issuer.HashOf(key),
            new NodePlace(address, request.Port, request.Location),
            from
        );

        // First the code alone: without one a host learns nothing and is not called back.
        var known = await state.Registry.ProbeCodeAsync(view.Cluster.Epoch, redeem, v => IsSecret(v, request), ct);
        if (known.Again is { } again)
            return new JoinAnswer([], await GrantAsync(again, ct));
        // A host that leaves its name to the code has that of the code.
        if (request.Name.Length == 0)
            request = request with { Name = known.Name };
        var wayBack = request.EchoPort == 0 ? null : await EchoAsync(address, request.EchoPort, request.Echo, ct);
        var findings = JoinRules.Judge(
            request,
            new JoinContext(view, known.Name, known.Profile, release, arrived, await UsersAsync(view, ct), wayBack)
        );
        if (known.Taken is { } taken && !findings.Any(f => f.Code is "name-taken" or "address-taken"))
            findings = findings.Add(new JoinFinding(true, "taken", taken));
        if (asked || findings.Any(f => f.IsError))
            return new JoinAnswer(findings, null)
            {
                Members =
                [
                    .. view
                        .Members.Where(n => n.State == NodeState.Active)
                        .Select(n => new Neighbour(n.Name, n.Address, n.Port, n.Profile)),
                ],
                Profile = known.Profile,
                Name = known.Name,
            };
        var redeemed = await state.Registry.RedeemAsync(
            view.Cluster.Epoch,
            redeem,
            v => IsSecret(v, request),
            node => issuer.Sign(node.Number, node.Name, node.Address, null, key!),
            ct
        );
        return new JoinAnswer(findings, await GrantAsync(redeemed, ct));
    }

    private async Task<JoinGrant> GrantAsync(RedeemedCode redeemed, CancellationToken ct)
    {
        var view = await state.Registry.ViewAsync(ct);
        var settings = await state.Registry.SettingsAsync(view.WantedSettings, ct);
        var secrets = await state.Registry.SecretsOfProfileAsync(redeemed.Profile, ct);
        return new JoinGrant
        {
            Number = redeemed.Number,
            Certificate = redeemed.CertificatePem,
            View = view,
            Settings = settings?.Answers ?? "version: 1\n",
            SettingsVersion = view.WantedSettings,
            EncryptionKey = NodeDuties.NeedsEncryptionKey(redeemed.Profile)
                ? await File.ReadAllTextAsync(System.IO.Path.Combine(state.Places.Pki, "encryption-key"), ct)
                : "",
            Secrets = [.. secrets.Select(s => new Core.Clusters.Messages.SealedSecret(s.Name, s.Sealed))],
        };
    }

    // As the members said in their last heartbeats; a database node has no mail users, so the issuer's own say little.
    private async Task<ImmutableArray<MemberUsers>> UsersAsync(ClusterView view, CancellationToken ct) =>
        [
            .. from beat in await state.Registry.HeartbeatsAsync(ct)
            let users = Users(beat.Status)
            where users is not null && view.Node(beat.Node) is not null
            select new MemberUsers(view.Node(beat.Node)!.Name, users),
        ];

    private static ImmutableSortedDictionary<string, int>? Users(string status)
    {
        try
        {
            return JsonSerializer.Deserialize(status, Wire.Default.NodeStatus)?.Users;
        }
        catch (JsonException)
        {
            // Before its first full heartbeat, or of another release.
            return null;
        }
    }

    private async Task<RefusedException> NotIssuerAsync(ClusterView? last, CancellationToken ct)
    {
        var view = last ?? await state.Registry.ViewAsync(ct);
        var where = view.Node(view.Cluster.Issuer) is { } issuer ? $"{issuer.Name} ({issuer.Address})" : "the issuer";
        return new RefusedException(
            StatusCodes.Status421MisdirectedRequest,
            "not-issuer",
            $"{state.Node.Name} does not sign certificates; join at {where}."
        );
    }

    // Opens the port that the host offers and reads what it says there.
    private static async Task<string> EchoAsync(IPAddress address, int port, string expected, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Timeouts.Echo);
        try
        {
            using var client = new TcpClient(address.AddressFamily);
            await client.ConnectAsync(address, port, limit.Token);
            var buffer = new byte[128];
            var length = await client
                .GetStream()
                .ReadAtLeastAsync(buffer, Math.Min(expected.Length, buffer.Length), throwOnEndOfStream: false, limit.Token);
            return Encoding.ASCII.GetString(buffer, 0, length).StartsWith(expected, StringComparison.Ordinal)
                ? ""
                : "something else than the joining program answers there";
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return "it does not answer";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return e.Message;
        }
    }

    private static bool IsSecret(StoredVerifier stored, JoinRequest request) =>
        CodeVerifier.TryRead(Encoding.ASCII.GetString(stored.Verifier.Span), out var verifier)
        && verifier.Matches(request.Code, new Secret(request.Secret));

    private static int CodeNumber(string id) =>
        JoinCode.TryNumber(id, out var number)
            ? number
            : throw new RefusedException(StatusCodes.Status400BadRequest, "code", "that is no id of a join code.");

    private static string Word(RegistryFailure failure) => failure.ToString().ToLowerInvariant();
}

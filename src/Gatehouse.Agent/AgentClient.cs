using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Logs;
using Gatehouse.Core.Trust;

namespace Gatehouse.Agent;

/// <summary>An agent could not be asked, or said no.</summary>
/// <param name="message">What went wrong, where, and what to do.</param>
/// <param name="refusal">What it said; null when it said nothing.</param>
/// <param name="inner">The cause.</param>
public sealed class AgentException(string message, Refusal? refusal = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the agent said; null when it said nothing.</summary>
    public Refusal? Refusal { get; } = refusal;
}

/// <summary>Speaks with the agent of another node.</summary>
public sealed class AgentClient : IDisposable
{
    private const int JoinTries = 7;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private readonly HttpClient http;
    private readonly string where;
    private readonly TimeSpan connectPatience;
    private string distrust = "";
    private volatile bool connects;
    private Socket? dialled;

    private AgentClient(string host, int port, Func<Action<string>, SslClientAuthenticationOptions> tls, TimeSpan? patience = null)
    {
        connectPatience = patience ?? Timeouts.Connect;
        where = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls(why => distrust = why),
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectTimeout = connectPatience,
            ConnectCallback = ConnectAsync,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        http = new HttpClient(handler)
        {
            BaseAddress = new Uri($"https://{where}/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = Wire.MostBytes,
        };
    }

    /// <summary>As a member.</summary>
    public static AgentClient Member(Credentials own, string host, int port, TimeProvider clock) =>
        new(host, port, refused => MemberTls.Client(own, host, clock, refused));

    /// <summary>As a member, to another one wherever it is now: whose certificate is shown is judged by its name, which stays.</summary>
    public static AgentClient Member(Credentials own, ClusterNode node, TimeProvider clock) =>
        new(node.Address.ToString(), node.Port, refused => MemberTls.Client(own, node.Name, clock, refused));

    /// <summary>As a host that joins, to the issuer of the cluster whose CA it knows.</summary>
    public static AgentClient Joining(TrustStore trust, string host, int port, TimeProvider clock) =>
        new(host, port, refused => MemberTls.Joining(trust, host, clock, refused));

    /// <summary>As a stranger, who hears and tells nothing.</summary>
    public static AgentClient Stranger(string host, int port) => Stranger(host, port, Timeouts.Connect);

    /// <summary>The same, with another time to wait for the connection.</summary>
    internal static AgentClient Stranger(string host, int port, TimeSpan patience) =>
        new(host, port, _ => MemberTls.Stranger(host), patience);

    /// <summary>
    /// Calls the node and says nothing yet; the next request goes over this connection. Costs next to nothing, unlike the handshake
    /// of TLS, and tells a host that is off from one that is slow.
    /// </summary>
    /// <exception cref="AgentException">Nobody takes the call.</exception>
    public async Task DialAsync(CancellationToken ct)
    {
        try
        {
            Interlocked
                .Exchange(ref dialled, await OpenAsync(new DnsEndPoint(http.BaseAddress!.IdnHost, http.BaseAddress.Port), ct))
                ?.Dispose();
        }
        catch (SocketException e)
        {
            throw new AgentException($"{where} cannot be reached: {e.Message}", null, e);
        }
    }

    /// <summary>Who the cluster is. What a stranger hears must be compared with the pin of a join code before it is believed.</summary>
    public Task<Introduction> IntroductionAsync(CancellationToken ct) =>
        SendAsync(HttpMethod.Get, "v1/introduction", null, Wire.Default.Introduction, ct);

    /// <summary>
    /// Asks to join, or whether joining would succeed. An issuer that is called by very many at once breaks connections off; it is
    /// called again, for the same key gets the same answer.
    /// </summary>
    public async Task<JoinAnswer> JoinAsync(JoinRequest request, CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        for (var tried = 1; ; tried++)
        {
            try
            {
                // What is compared is the clock at the time of this try.
                var body = JsonSerializer.SerializeToUtf8Bytes(
                    request with
                    {
                        Clock = request.Clock + Stopwatch.GetElapsedTime(start),
                    },
                    Wire.Default.JoinRequest
                );
                return await SendAsync(HttpMethod.Post, "v1/join", body, Wire.Default.JoinAnswer, ct);
            }
            catch (AgentException e) when (tried < JoinTries && IsBrokenOff(e))
            {
                // Longer each time, and not for all who were broken off together the same.
                await Task.Delay(FirstPause * Math.Pow(2, tried - 1) * (0.5 + Random.Shared.NextDouble()), ct);
            }
        }
    }

    /// <summary>How the node is.</summary>
    public Task<NodeStatus> StatusAsync(CancellationToken ct) => SendAsync(HttpMethod.Get, "v1/status", null, Wire.Default.NodeStatus, ct);

    /// <summary>The next certificate of the calling node.</summary>
    public Task<RenewAnswer> RenewAsync(RenewRequest request, CancellationToken ct) =>
        SendAsync(
            HttpMethod.Post,
            "v1/renew",
            JsonSerializer.SerializeToUtf8Bytes(request, Wire.Default.RenewRequest),
            Wire.Default.RenewAnswer,
            ct
        );

    /// <summary>Tells the issuer where the calling node is from now on.</summary>
    public Task MoveAsync(MoveRequest request, CancellationToken ct) =>
        SendAsync(
            HttpMethod.Post,
            "v1/move",
            JsonSerializer.SerializeToUtf8Bytes(request, Wire.Default.MoveRequest),
            (JsonTypeInfo<Refusal>?)null,
            ct
        );

    /// <summary>The cluster as the node saw it last.</summary>
    public Task<ClusterView> ViewAsync(CancellationToken ct) => SendAsync(HttpMethod.Get, "v1/view", null, Wire.Default.ClusterView, ct);

    /// <summary>Tells the issuer that the calling node, which was joining, is set up.</summary>
    /// <remarks>An issuer whose agent is just starting again is asked again for a while.</remarks>
    public async Task ReadyAsync(ReadyRequest request, CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await SendAsync(
                    HttpMethod.Post,
                    "v1/ready",
                    JsonSerializer.SerializeToUtf8Bytes(request, Wire.Default.ReadyRequest),
                    (JsonTypeInfo<Refusal>?)null,
                    ct
                );
                return;
            }
            catch (AgentException e) when (Stopwatch.GetElapsedTime(start) < Timeouts.Ready && e.Refusal is null && distrust.Length == 0)
            {
                await Task.Delay(Timeouts.Pause, ct);
            }
        }
    }

    /// <summary>Tells the node to look into the registry now.</summary>
    public Task NudgeAsync(CancellationToken ct) => SendAsync(HttpMethod.Post, "v1/nudge", [], (JsonTypeInfo<Refusal>?)null, ct);

    /// <summary>Has the issuer remove a node.</summary>
    public Task<RemoveAnswer> RemoveAsync(RemoveRequest request, CancellationToken ct) =>
        SendAsync(
            HttpMethod.Post,
            "v1/remove",
            JsonSerializer.SerializeToUtf8Bytes(request, Wire.Default.RemoveRequest),
            Wire.Default.RemoveAnswer,
            ct
        );

    /// <summary>The cluster's revocation lists, as the node has them. Whoever asks verifies them by their signatures.</summary>
    public Task<Revocations> RevocationsAsync(CancellationToken ct) =>
        SendAsync(HttpMethod.Get, "v1/revocations", null, Wire.Default.Revocations, ct);

    /// <summary>Lines of the node's log, for as long as they come.</summary>
    /// <param name="query">Which ones.</param>
    /// <param name="silence">How long the node may say nothing, not even that it is alive.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<LogStream> LogAsync(LogQuery query, TimeSpan silence, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(silence);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "v1/logs" + query.ToUrl());
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.IsSuccessStatusCode)
                return new LogStream(response, await response.Content.ReadAsStreamAsync(limit.Token), where, silence);
            using (response)
                throw Said(response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (HttpRequestException e)
        {
            throw new AgentException(
                distrust.Length > 0 ? $"{where} is not trusted: {distrust}" : $"{where} cannot be reached: {Innermost(e)}",
                null,
                e
            );
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new AgentException(Silent(silence), null, e);
        }
    }

    /// <summary>A text of the other side as it may be shown: whoever answers could be anybody, and a terminal obeys control
    /// characters.</summary>
    public static string Printable(string text) => new([.. text.Where(c => c == '\n' || !char.IsControl(c))]);

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        Interlocked.Exchange(ref dialled, null)?.Dispose();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = Interlocked.Exchange(ref dialled, null) ?? await OpenAsync(context.DnsEndPoint, ct);
        connects = true;
        return new NetworkStream(socket, ownsSocket: true);
    }

    // The handshake of TCP fits into small packets, that of TLS does not: a path that loses large ones looks like this.
    private string Silent(TimeSpan time) =>
        !connects
            ? $"{where} cannot be reached: it does not answer within {time.TotalSeconds:0} s."
            : $"{where} takes the TCP connection, but nothing answers on it within {time.TotalSeconds:0} s. Large packets may get lost on "
                + $"the way (path MTU; 'ping -M do -s 1472 {http.BaseAddress!.IdnHost}' must be answered), or a firewall or proxy in "
                + $"between accepts connections by itself.";

    private static async Task<Socket> OpenAsync(DnsEndPoint to, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T>? kind, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Timeouts.Answer);
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null)
                request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await http.SendAsync(request, limit.Token);
            var bytes = await response.Content.ReadAsByteArrayAsync(limit.Token);
            if (!response.IsSuccessStatusCode)
                throw Said(response.StatusCode, bytes);
            if (kind is null)
                return default!;
            return JsonSerializer.Deserialize(bytes, kind) ?? throw new JsonException("nothing");
        }
        catch (HttpRequestException e) when (distrust.Length > 0)
        {
            throw new AgentException($"{where} is not trusted: {distrust}", null, e);
        }
        catch (HttpRequestException e)
        {
            throw new AgentException($"{where} cannot be reached: {Innermost(e)}", null, e);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested && limit.IsCancellationRequested)
        {
            // It had its time; who asks again would wait as long once more.
            throw new AgentException(Silent(Timeouts.Answer), null, new TimeoutException(e.Message, e));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            // Nobody has cancelled it: a host that is off says nothing at all, and connecting to it was given up.
            throw new AgentException(Silent(connectPatience), null, e);
        }
        catch (JsonException e)
        {
            throw new AgentException(
                $"{where} gave an answer that this release does not understand; install the same release on both sides.",
                null,
                e
            );
        }
    }

    private AgentException Said(HttpStatusCode status, byte[] bytes)
    {
        try
        {
            if (JsonSerializer.Deserialize(bytes, Wire.Default.Refusal) is { Code: { } code, Message: { } message })
                return new AgentException($"{where} refused: {Printable(message)}", new Refusal(code, Printable(message)));
        }
        catch (JsonException)
        {
            // Something else than an agent may listen there.
        }

        return new AgentException($"{where} answered with status {(int)status}; is it an agent of Gatehouse?");
    }

    // Somebody was there, and it is not that he is not trusted.
    private bool IsBrokenOff(AgentException e) =>
        e.Refusal is null
        && distrust.Length == 0
        && (
            e.InnerException is OperationCanceledException
            || e.InnerException
                is HttpRequestException
                {
                    InnerException: not SocketException
                    {
                        SocketErrorCode: SocketError.ConnectionRefused
                            or SocketError.HostUnreachable
                            or SocketError.NetworkUnreachable
                            or SocketError.HostNotFound
                    }
                }
        );

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;
}

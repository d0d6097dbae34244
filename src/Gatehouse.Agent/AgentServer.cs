using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using HttpProtocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols;

namespace Gatehouse.Agent;

/// <summary>What answers at a path.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path.</param>
/// <param name="Answer">Answers.</param>
internal sealed record Route(string Method, string Path, Func<HttpContext, Task> Answer);

/// <summary>The agent's port: TLS 1.3, members by certificate, everybody else only for joining. Whoever is slow, large or wrong is cut
/// off.</summary>
internal static class AgentServer
{
    private const int MostConnections = 1024;
    private const int MostOfOneCaller = MostConnections / 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Longer: when hundreds of hosts call at the same moment, it is this side that takes its time.
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(10);

    /// <summary>Builds the server; it is not started.</summary>
    /// <param name="port">Where it listens, on every address.</param>
    /// <param name="credentials">What it shows, asked anew for every connection.</param>
    /// <param name="routes">What it answers.</param>
    /// <param name="clock">The time.</param>
    /// <param name="log">Takes what is to be told, a line each.</param>
    public static WebApplication Build(
        int port,
        Func<Credentials> credentials,
        IReadOnlyList<Route> routes,
        TimeProvider clock,
        Action<string> log
    )
    {
        var refused = new RefusedCallers(log, clock);
        var share = new ConnectionShare(MostOfOneCaller);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSystemdConsole().SetMinimumLevel(LogLevel.Warning);
        builder
            .WebHost.UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxConcurrentConnections = MostConnections;
                kestrel.Limits.MaxRequestBodySize = Wire.MostBytes;
                kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
                kestrel.Limits.RequestHeadersTimeout = Patience;
                kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
                kestrel.ListenAnyIP(
                    port,
                    listen =>
                    {
                        // Members ask one thing after the other; many at once on one connection is for those who mean ill.
                        listen.Protocols = HttpProtocols.Http1;
                        listen.Use(next => connection => share.PassAsync(connection, next));
                        listen.UseHttps(
                            new TlsHandshakeCallbackOptions
                            {
                                HandshakeTimeout = HandshakePatience,
                                OnConnection = handshake =>
                                    ValueTask.FromResult(
                                        MemberTls.Server(
                                            credentials(),
                                            clock,
                                            peer => Exchange.Note(handshake.Connection, peer),
                                            why => refused.Note(handshake.Connection.RemoteEndPoint, why)
                                        )
                                    ),
                            }
                        );
                    }
                );
            });
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, routes));
        return app;
    }

    private static async Task AnswerAsync(HttpContext context, IReadOnlyList<Route> routes)
    {
        try
        {
            var here = routes.Where(r => context.Request.Path == r.Path).ToArray();
            var route =
                here.FirstOrDefault(r => r.Method == context.Request.Method)
                ?? throw new RefusedException(
                    here.Length == 0 ? StatusCodes.Status404NotFound : StatusCodes.Status405MethodNotAllowed,
                    "unknown",
                    "there is nothing here."
                );
            await route.Answer(context);
        }
        catch (RefusedException e) when (!context.Response.HasStarted)
        {
            await Exchange.WriteAsync(context, e.Refusal, Wire.Default.Refusal, e.Status);
        }
        catch (RegistryException e) when (!context.Response.HasStarted)
        {
            var status =
                e.Failure == RegistryFailure.Unreachable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status403Forbidden;
            await Exchange.WriteAsync(context, new Refusal("registry", e.Message), Wire.Default.Refusal, status);
        }
        catch (Exception e)
            when (e is TrustException or UnauthorizedAccessException or (IOException and not BadHttpRequestException)
                && !context.Response.HasStarted
            )
        {
            await Exchange.WriteAsync(
                context,
                new Refusal("failed", $"this node cannot do that now: {e.Message}"),
                Wire.Default.Refusal,
                StatusCodes.Status500InternalServerError
            );
        }
    }
}

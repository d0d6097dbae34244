using System.Collections.Concurrent;
using Gatehouse.Agent;
using Gatehouse.Agent.Handlers;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Tests.Clusters;
using Gatehouse.Tests.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Agent;

/// <summary>The agent's server on a free port of this machine. It writes down whatever reaches it past TLS.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<string> heard = new();

    private readonly LogsHandler logs;

    private TestAgent(SampleCluster cluster, Func<Credentials> credentials, string issuer, string collected, CancellationToken stopping)
    {
        logs = new LogsHandler(Admit, collected, stopping);
        void Admit(HttpContext context) => Exchange.Member(context, credentials().Trust, DateTimeOffset.UtcNow);
        app = AgentServer.Build(
            0,
            credentials,
            [
                new Route(
                    "GET",
                    "/v1/introduction",
                    context =>
                    {
                        heard.Enqueue("GET /v1/introduction");
                        return Exchange.WriteAsync(
                            context,
                            new Introduction(1, cluster.Root.ClusterId, cluster.Root.ClusterName, issuer, [cluster.RootPem]),
                            Wire.Default.Introduction
                        );
                    }
                ),
                new Route(
                    "POST",
                    "/v1/join",
                    async context =>
                    {
                        var request = await Exchange.ReadAsync(context, Wire.Default.JoinRequest);
                        heard.Enqueue($"POST /v1/join {request.Code} {request.Secret}");
                        await Exchange.WriteAsync(context, new JoinAnswer([], null), Wire.Default.JoinAnswer);
                    }
                ),
                new Route(
                    "GET",
                    "/v1/status",
                    async context =>
                    {
                        var caller = Exchange.Member(context, credentials().Trust, DateTimeOffset.UtcNow);
                        heard.Enqueue($"GET /v1/status {caller.Name}");
                        await Exchange.WriteAsync(context, SampleViews.Status(), Wire.Default.NodeStatus);
                    }
                ),
                new Route(logs.Method, logs.Path, logs.AnswerAsync),
            ],
            TimeProvider.System,
            _ => { }
        );
    }

    public int Port { get; private set; }

    /// <summary>What was asked, a line each.</summary>
    public string Heard => string.Join('\n', heard);

    /// <summary>Starts one.</summary>
    /// <param name="cluster">Whose CA it tells of.</param>
    /// <param name="credentials">What it shows.</param>
    /// <param name="issuer">Where it says that the issuer is.</param>
    public static Task<TestAgent> StartAsync(SampleCluster cluster, Func<Credentials> credentials, string issuer = "") =>
        StartAsync(new TestAgent(cluster, credentials, issuer, "/nonexistent", default));

    /// <summary>Starts one that hands out lines.</summary>
    /// <param name="cluster">Whose CA it tells of.</param>
    /// <param name="credentials">What it shows.</param>
    /// <param name="collected">Where collected lines are.</param>
    /// <param name="stopping">Has it let its readers go.</param>
    public static Task<TestAgent> StartAsync(
        SampleCluster cluster,
        Func<Credentials> credentials,
        string collected,
        CancellationToken stopping
    ) => StartAsync(new TestAgent(cluster, credentials, "", collected, stopping));

    private static async Task<TestAgent> StartAsync(TestAgent agent)
    {
        await agent.app.StartAsync();
        agent.Port = new Uri(agent.app.Urls.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;
        return agent;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        logs.Dispose();
    }
}

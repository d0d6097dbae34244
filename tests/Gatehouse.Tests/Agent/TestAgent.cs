using System.Collections.Concurrent;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Tests.Clusters;
using Gatehouse.Tests.Trust;
using Microsoft.AspNetCore.Builder;

namespace Gatehouse.Tests.Agent;

/// <summary>The agent's server on a free port of this machine. It writes down whatever reaches it past TLS.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<string> heard = new();

    private TestAgent(SampleCluster cluster, Func<Credentials> credentials, string issuer)
    {
        app = AgentServer.Build(0, credentials,
        [
            new Route("GET", "/v1/introduction", context =>
            {
                heard.Enqueue("GET /v1/introduction");
                return Exchange.WriteAsync(context, new Introduction(1, cluster.Root.ClusterId, cluster.Root.ClusterName, issuer, [cluster.RootPem]), Wire.Default.Introduction);
            }),
            new Route("POST", "/v1/join", async context =>
            {
                var request = await Exchange.ReadAsync(context, Wire.Default.JoinRequest);
                heard.Enqueue($"POST /v1/join {request.Code} {request.Secret}");
                await Exchange.WriteAsync(context, new JoinAnswer([], null), Wire.Default.JoinAnswer);
            }),
            new Route("GET", "/v1/status", async context =>
            {
                var caller = Exchange.Member(context, credentials().Trust, DateTimeOffset.UtcNow);
                heard.Enqueue($"GET /v1/status {caller.Name}");
                await Exchange.WriteAsync(context, SampleViews.Status(), Wire.Default.NodeStatus);
            }),
        ], TimeProvider.System);
    }

    public int Port { get; private set; }

    /// <summary>What was asked, a line each.</summary>
    public string Heard => string.Join('\n', heard);

    /// <summary>Starts one.</summary>
    /// <param name="cluster">Whose CA it tells of.</param>
    /// <param name="credentials">What it shows.</param>
    /// <param name="issuer">Where it says that the issuer is.</param>
    public static async Task<TestAgent> StartAsync(SampleCluster cluster, Func<Credentials> credentials, string issuer = "")
    {
        var agent = new TestAgent(cluster, credentials, issuer);
        await agent.app.StartAsync();
        agent.Port = new Uri(agent.app.Urls.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;
        return agent;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}

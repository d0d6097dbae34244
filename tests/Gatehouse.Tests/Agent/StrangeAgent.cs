using System.Text;
using Gatehouse.Agent;
using Microsoft.AspNetCore.Builder;

namespace Gatehouse.Tests.Agent;

/// <summary>Answers the first question of a joining host with any text.</summary>
internal sealed class StrangeAgent : IAsyncDisposable
{
    private readonly WebApplication app;

    private StrangeAgent(WebApplication app) => this.app = app;

    public int Port { get; private set; }

    public static async Task<StrangeAgent> StartAsync(Func<Credentials> credentials, int status, string answer)
    {
        var agent = new StrangeAgent(
            AgentServer.Build(
                0,
                credentials,
                [
                    new Route(
                        "GET",
                        "/v1/introduction",
                        context =>
                        {
                            context.Response.StatusCode = status;
                            return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(answer)).AsTask();
                        }
                    ),
                ],
                TimeProvider.System,
                _ => { }
            )
        );
        await agent.app.StartAsync();
        agent.Port = new Uri(agent.app.Urls.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;
        return agent;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}

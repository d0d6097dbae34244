using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Agent;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>An agent that is told to stop does so, before systemd loses its patience with it (15 s).</summary>
[Collection("real cluster")]
public sealed class StoppingTests(RealCluster cluster)
{
    [Theory]
    [InlineData("")]
    [InlineData("GET /v1/introduction HTTP/1.1\r\nHost: x\r\nX-Slow: ")]
    [InlineData("POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")]
    public async Task Who_is_in_the_middle_of_something_does_not_keep_it(string begun)
    {
        var agent = await cluster.StartAsync();
        using var silent = new TcpClient();
        await silent.ConnectAsync("127.0.0.1", agent.Port);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", agent.Port);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(MemberTls.Stranger("127.0.0.1"));
        await tls.WriteAsync(Encoding.ASCII.GetBytes(begun));
        await tls.FlushAsync();

        var start = Stopwatch.GetTimestamp();
        await agent.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(12));
    }
}

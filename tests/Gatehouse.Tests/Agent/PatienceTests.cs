using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Agent;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>Whoever sends nonsense, or nothing, keeps nobody else from an answer.</summary>
[Collection(AloneCollection.Name)]
public sealed class PatienceTests : IDisposable
{
    private const int Malformed = 10_000;
    private const int Slow = 200;

    // After these the connection goes on.
    private static readonly string[] Wrong =
    [
        "POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{]}",
        "POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnull",
        "DELETE /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/status?x=%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n",
    ];

    // With these it ends.
    private static readonly string[] Broken =
    [
        "GET /v1/status HTTP/1.1\r\n\r\n",
        "GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n",
        "\0\u0001\u0002\r\n\r\n",
        "POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        "POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        $"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: {new string('x', 20_000)}\r\n\r\n",
    ];

    private readonly SampleCluster cluster = new(made: DateTimeOffset.UtcNow);
    private readonly TestMember here;
    private readonly TestMember caller;

    public PatienceTests() => (here, caller) = (new TestMember(cluster, 1, epoch: 1), new TestMember(cluster, 2));

    public void Dispose()
    {
        here.Dispose();
        caller.Dispose();
    }

    // As with a path that loses every large packet: the handshake of TCP gets through, and that of TLS never does.
    [Fact]
    public async Task A_host_that_takes_the_connection_and_says_nothing_is_not_called_unreachable()
    {
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        using var client = AgentClient.Stranger("127.0.0.1", port, TimeSpan.FromSeconds(1));
        var e = await Assert.ThrowsAsync<AgentException>(() => client.IntroductionAsync(CancellationToken.None));
        Assert.Contains("takes the TCP connection, but nothing answers", e.Message, StringComparison.Ordinal);
        Assert.Contains("MTU", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_malformed_requests_leave_the_status_answering()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own);
        var left = Malformed;
        var longest = TimeSpan.Zero;
        var senders = Enumerable
            .Range(0, 8)
            .Select(_ =>
                Task.Run(async () =>
                {
                    while (Interlocked.Decrement(ref left) is >= 0 and var n)
                        await SendAsync(agent.Port, n);
                })
            )
            .ToArray();
        while (senders.Any(s => !s.IsCompleted))
        {
            var start = Stopwatch.GetTimestamp();
            using var client = AgentClient.Member(caller.Read(), "127.0.0.1", agent.Port, TimeProvider.System);
            await client.StatusAsync(CancellationToken.None);
            var took = Stopwatch.GetElapsedTime(start);
            longest = took > longest ? took : longest;
            await Task.WhenAny(Task.WhenAll(senders), Task.Delay(200));
        }

        await Task.WhenAll(senders);
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.DoesNotContain("POST", agent.Heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_slow_callers_leave_the_status_answering_and_are_cut_off()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own);
        var slow = new List<TcpClient>();
        try
        {
            for (var i = 0; i < Slow; i++)
            {
                var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", agent.Port);
                // Some say nothing, some begin a handshake that never goes on.
                if (i % 2 == 0)
                    await client.GetStream().WriteAsync(new byte[] { 0x16, 3, 1, 2 });
                slow.Add(client);
            }

            var start = Stopwatch.GetTimestamp();
            using var member = AgentClient.Member(caller.Read(), "127.0.0.1", agent.Port, TimeProvider.System);
            await member.StatusAsync(CancellationToken.None);
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            foreach (var client in slow)
                Assert.Equal(0, await EndAsync(client, patience.Token));
        }
        finally
        {
            foreach (var client in slow)
                client.Dispose();
        }
    }

    [Fact]
    public async Task A_request_that_never_ends_is_cut_off()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own);
        var (client, tls) = await ConnectAsync(agent.Port);
        using (client)
        await using (tls)
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes("GET /v1/introduction HTTP/1.1\r\nHost: x\r\nX-Slow: "));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            var answer = await new StreamReader(tls).ReadToEndAsync(patience.Token);
            Assert.DoesNotContain("200", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Two_hundred_requests_that_trickle_in_leave_the_status_answering_and_are_cut_off()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(25));
        // Half are slow in the head, half in the body.
        var trickles = await Task.WhenAll(
            Enumerable
                .Range(0, Slow)
                .Select(async i =>
                {
                    var (client, tls) = await ConnectAsync(agent.Port);
                    var first =
                        i % 2 == 0
                            ? "GET /v1/status HTTP/1.1\r\nX: "
                            : "POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{";
                    return TrickleAsync(client, tls, first, patience.Token);
                })
        );
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var member = AgentClient.Member(caller.Read(), "127.0.0.1", agent.Port, TimeProvider.System);
            await member.StatusAsync(CancellationToken.None);
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        }

        await Task.WhenAll(trickles);
        Assert.False(patience.IsCancellationRequested, "they were left hanging");
    }

    [Fact]
    public async Task One_who_takes_all_the_connections_he_can_get_leaves_room_for_others()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own);
        var taken = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 1100; i++)
            {
                var client = new TcpClient();
                taken.Add(client);
                try
                {
                    await client.ConnectAsync("127.0.0.1", agent.Port);
                }
                catch (SocketException)
                {
                    // He has had his share.
                }
            }

            using var other = new TcpClient(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("127.0.0.9"), 0));
            await other.ConnectAsync("127.0.0.1", agent.Port);
            await using var tls = new SslStream(other.GetStream());
            await tls.AuthenticateAsClientAsync(MemberTls.Client(caller.Read(), "127.0.0.1", TimeProvider.System, _ => { }));
            await tls.WriteAsync(Encoding.ASCII.GetBytes("GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
            Assert.StartsWith("HTTP/1.1 200 ", await new StreamReader(tls).ReadToEndAsync(), StringComparison.Ordinal);
        }
        finally
        {
            foreach (var client in taken)
                client.Dispose();
        }
    }

    // What it begins with, then a byte, and another one, as long as the server has the patience.
    private static async Task TrickleAsync(TcpClient client, SslStream tls, string first, CancellationToken ct)
    {
        using (client)
        await using (tls)
        {
            try
            {
                await tls.WriteAsync(Encoding.ASCII.GetBytes(first), ct);
                var end = tls.ReadAsync(new byte[1024], ct).AsTask();
                while (!end.IsCompleted)
                {
                    await tls.WriteAsync(new byte[] { (byte)'x' }, ct);
                    await Task.WhenAny(end, Task.Delay(500, ct));
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Cut off.
            }
        }
    }

    // A connection takes several, until the server closes it.
    private static async Task SendAsync(int port, int number)
    {
        try
        {
            var (client, tls) = await Connections.TakeAsync(port);
            try
            {
                await tls.WriteAsync(
                    Encoding.Latin1.GetBytes(number % 20 == 0 ? Broken[number / 20 % Broken.Length] : Wrong[number % Wrong.Length])
                );
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                var buffer = new byte[4096];
                var length = await tls.ReadAsync(buffer, patience.Token);
                var answer = Encoding.Latin1.GetString(buffer, 0, length);
                Assert.DoesNotContain(" 200 ", answer, StringComparison.Ordinal);
                Assert.DoesNotContain(" 500 ", answer, StringComparison.Ordinal);
                if (length > 0 && !answer.Contains("Connection: close", StringComparison.OrdinalIgnoreCase))
                {
                    Connections.Give(client, tls);
                    return;
                }
            }
            catch (IOException)
            {
                // Cut off: good.
            }

            await tls.DisposeAsync();
            client.Dispose();
        }
        catch (IOException)
        {
            // Cut off while it connected.
        }
    }

    private static async Task<(TcpClient Client, SslStream Tls)> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(MemberTls.Stranger("127.0.0.1"));
        return (client, tls);
    }

    private static async Task<int> EndAsync(TcpClient client, CancellationToken ct)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[16], ct);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static class Connections
    {
        private static readonly System.Collections.Concurrent.ConcurrentBag<(int Port, TcpClient Client, SslStream Tls)> Kept = [];

        public static async Task<(TcpClient Client, SslStream Tls)> TakeAsync(int port) =>
            Kept.TryTake(out var kept) && kept.Port == port ? (kept.Client, kept.Tls) : await ConnectAsync(port);

        public static void Give(TcpClient client, SslStream tls) =>
            Kept.Add((((System.Net.IPEndPoint)client.Client.RemoteEndPoint!).Port, client, tls));
    }
}

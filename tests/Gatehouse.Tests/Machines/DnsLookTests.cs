using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Outside;
using Gatehouse.Machines.Outside;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Machines;

/// <summary>With a real name server, unbound, on a port of its own.</summary>
public sealed class DnsLookTests
{
    [Fact]
    public async Task Records_of_every_kind_come_back_and_missing_ones_are_an_answer()
    {
        await using var server = await NameServer.StartAsync(
            """
            local-zone: "example.org." static
            local-data: "mx1.example.org. A 192.0.2.10"
            local-data: "mx1.example.org. AAAA 2001:db8::10"
            local-data: "example.org. MX 20 mx2.example.org."
            local-data: "example.org. MX 10 MX1.example.org."
            local-data: 'example.org. TXT "v=spf1 " "mx -all"'
            local-zone: "2.0.192.in-addr.arpa." static
            local-data-ptr: "192.0.2.10 mx1.example.org"
            local-zone: "broken.example." refuse
            """
        );
        var answers = new DnsAnswers(
            await new DnsLook([IPAddress.Loopback], server.Port).AskAsync(
                [
                    new("mx1.example.org", DnsKind.A),
                    new("mx1.example.org", DnsKind.Aaaa),
                    new("example.org", DnsKind.Mx),
                    new("example.org", DnsKind.Txt),
                    new("192.0.2.10", DnsKind.Reverse),
                    new("192.0.2.11", DnsKind.Reverse),
                    new("nobody.example.org", DnsKind.A),
                    new("broken.example", DnsKind.A),
                ],
                default
            )
        );
        Assert.Equal(
            [IPAddress.Parse("192.0.2.10"), IPAddress.Parse("2001:db8::10")],
            answers.AddressesOf("mx1.example.org")!.Value.AsEnumerable()
        );
        Assert.Equal(["mx1.example.org", "mx2.example.org"], answers["example.org", DnsKind.Mx].Values.AsEnumerable());
        Assert.Equal(["v=spf1 mx -all"], answers["example.org", DnsKind.Txt].Values.AsEnumerable());
        Assert.Equal(["mx1.example.org"], answers["192.0.2.10", DnsKind.Reverse].Values.AsEnumerable());
        foreach (var missing in new[] { answers["192.0.2.11", DnsKind.Reverse], answers["nobody.example.org", DnsKind.A] })
        {
            Assert.True(missing.Answered);
            Assert.Empty(missing.Values);
        }

        Assert.False(answers["broken.example", DnsKind.A].Answered);
        // On the second address nobody listens.
        Assert.Equal(
            [IPAddress.Loopback],
            (
                await DnsLook.AliveAsync(
                    [IPAddress.Loopback, IPAddress.Parse("127.7.7.7")],
                    new("nobody.example.org", DnsKind.A),
                    default,
                    server.Port
                )
            ).AsEnumerable()
        );
    }

    [Fact]
    public async Task A_name_server_that_is_silent_costs_a_few_seconds_and_answers_nothing()
    {
        // Bound and never read.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var start = Stopwatch.GetTimestamp();
        using var limit = new CancellationTokenSource(OutsideProbe.Limit);
        var answers = await new DnsLook([IPAddress.Loopback], ((IPEndPoint)silent.LocalEndPoint!).Port).AskAsync(
            Enumerable.Range(0, 50).Select(i => new DnsQuestion($"n{i}.example.org", DnsKind.A)),
            limit.Token
        );
        Assert.True(Stopwatch.GetElapsedTime(start) < OutsideProbe.Limit + TimeSpan.FromSeconds(5));
        Assert.All(answers.Values, a => Assert.False(a.Answered));
    }

    private sealed class NameServer(Process process, DirectoryInfo home, int port) : IAsyncDisposable
    {
        public int Port => port;

        public static async Task<NameServer> StartAsync(string records)
        {
            const string program = "/usr/sbin/unbound";
            Assert.True(File.Exists(program), "this test runs a real name server: apt-get install unbound");
            var home = Directory.CreateTempSubdirectory("gatehouse-dns-");
            using var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
            probe.Close();
            var lines = string.Join('\n', records.Split('\n').Select(l => $"  {l}"));
            await File.WriteAllTextAsync(
                $"{home.FullName}/unbound.conf",
                $"server:\n  interface: 127.0.0.1\n  port: {port}\n  username: \"\"\n  chroot: \"\"\n  directory: \"{home.FullName}\"\n  "
                    + $"pidfile: \"{home.FullName}/pid\"\n  use-syslog: no\n  do-daemonize: no\n  num-threads: 1\n  module-config: "
                    + $"\"iterator\"\n{lines}\nremote-control:\n  control-enable: no\n"
            );
            var process = Process.Start(
                new ProcessStartInfo(program, ["-d", "-c", $"{home.FullName}/unbound.conf"])
                {
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                }
            )!;
            var server = new NameServer(process, home, port);
            await Patience.UntilAsync(async () =>
                (await new DnsLook([IPAddress.Loopback], port).AskAsync([new DnsQuestion("mx1.example.org", DnsKind.A)], default))
                    .Values.Single()
                    .Answered
            );
            return server;
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            home.Delete(true);
        }
    }
}

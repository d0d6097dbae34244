using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines.Probes;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class LinkProbeTests
{
    [Fact]
    public async Task Handshakes_and_refusals_on_loopback_all_come_through_within_the_limit()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(100);
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var refusing = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        var start = Stopwatch.GetTimestamp();
        var links = await LinkProbe.MeasureAsync([To(((IPEndPoint)listener.LocalEndpoint).Port), To(refusing)], default);
        Assert.True(Stopwatch.GetElapsedTime(start) < LinkProbe.Limit + TimeSpan.FromSeconds(2));
        Assert.All(links, l => Assert.True(l.Tried > 0 && l.Answered == l.Tried));
    }

    [Fact]
    public async Task Who_does_not_answer_costs_the_limit_and_no_more()
    {
        // A full queue of connections, which nobody takes: further handshakes get no answer.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var start = Stopwatch.GetTimestamp();
        var link = Assert.Single(await LinkProbe.MeasureAsync([To(((IPEndPoint)listener.LocalEndPoint!).Port)], default));
        Assert.True(Stopwatch.GetElapsedTime(start) < LinkProbe.Limit + TimeSpan.FromSeconds(2));
        Assert.True(link.Lost > 0);
    }

    private static Neighbour To(int port) => new("here.example.org", IPAddress.Loopback, port, "database");
}

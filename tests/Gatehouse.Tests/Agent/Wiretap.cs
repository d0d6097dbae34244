using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Tests.Agent;

/// <summary>Stands between on the network: writes down every byte that passes, and may lead each connection elsewhere.</summary>
internal sealed class Wiretap : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly MemoryStream passed = new();
    private readonly Lock gate = new();
    private int count;

    /// <param name="targets">The port that each connection goes to, in order; the last one for all further.</param>
    public Wiretap(params int[] targets)
    {
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = AcceptAsync(targets);
    }

    public int Port { get; }

    /// <summary>How many connections came.</summary>
    public int Connections => count;

    /// <summary>Whether a text passed in the clear, in either direction.</summary>
    public bool Saw(string text)
    {
        lock (gate)
            return passed.ToArray().AsSpan().IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
    }

    /// <summary>How many bytes passed.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return passed.Length;
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync(int[] targets)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync();
                var far = new TcpClient();
                await far.ConnectAsync(IPAddress.Loopback, targets[Math.Min(count++, targets.Length - 1)]);
                _ = PassAsync(near, far);
                _ = PassAsync(far, near);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[16 << 10];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var length)
            {
                lock (gate)
                    passed.Write(buffer, 0, length);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, length));
            }

            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            to.Dispose();
        }
    }
}

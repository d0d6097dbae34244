using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Cluster.Joining;

/// <summary>Answers for a moment on the agent's port, so that the issuer can see whether the way back is open.</summary>
internal sealed class EchoListener : IDisposable
{
    private readonly TcpListener listener;

    private EchoListener(TcpListener listener, int port)
    {
        this.listener = listener;
        Port = port;
        _ = AnswerAsync();
    }

    /// <summary>The port; 0 when it is in use, by an agent that is there already.</summary>
    public int Port { get; }

    /// <summary>What it says to whoever connects.</summary>
    public string Text { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Listens; null when the port is taken.</summary>
    public static EchoListener? TryStart(IPAddress address, int port)
    {
        var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return new EchoListener(listener, port);
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Text));
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // It is over.
        }
    }
}

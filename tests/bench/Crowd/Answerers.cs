using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;

namespace Crowd;

/// <summary>Nodes that answer how they are, one process for all: which of them is asked shows the address that is called.</summary>
internal sealed class Answerers : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Any, Joiners.Port);
    private readonly ConcurrentDictionary<string, Node> nodes = new();

    private Answerers(string directory)
    {
        foreach (var file in Directory.GetFiles(directory, "*.pem"))
        {
            var (address, pem) = (File.ReadLines(file).First(), File.ReadAllText(file));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(pem);
            chain.RemoveAt(0);
            var number = int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
            nodes[address] = new Node(
                number,
                SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(pem, pem), chain, offline: true)
            );
        }

        listener.Start(4096);
        _ = AcceptAsync();
    }

    /// <summary>How many nodes there are.</summary>
    public int Count => nodes.Count;

    /// <summary>Starts answering.</summary>
    public static Answerers Start(string directory) => new(directory);

    public ValueTask DisposeAsync()
    {
        listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                var node = nodes[((IPEndPoint)client.Client.LocalEndPoint!).Address.ToString()];
                await using var tls = new SslStream(client.GetStream());
                // The real agent asks for the caller's certificate as well.
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = node.Certificate,
                        ClientCertificateRequired = true,
                        EnabledSslProtocols = SslProtocols.Tls13,
                        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
                    }
                );
                var buffer = new byte[4096];
                while (await tls.ReadAsync(buffer) > 0)
                {
                    var body = JsonSerializer.SerializeToUtf8Bytes(Status(node.Number), Wire.Default.NodeStatus);
                    await tls.WriteAsync(
                        (byte[])
                            [
                                .. Encoding.ASCII.GetBytes(
                                    $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"
                                ),
                                .. body,
                            ]
                    );
                }
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException or SocketException or KeyNotFoundException)
        {
            // Whoever called has gone.
        }
    }

    private static NodeStatus Status(int number) =>
        new()
        {
            Number = number,
            Name = string.Create(CultureInfo.InvariantCulture, $"s{number}.crowd.example"),
            Profile = "mail",
            Release = "0.1.0",
            Epoch = 1,
            SettingsVersion = 1,
            Clock = DateTimeOffset.UtcNow,
            UptimeSeconds = 86_400,
            Load = 0.1,
            MemoryPercent = 20,
            Partitions = [new("/", 20)],
            Services = [new("exim4.service", true), new("rspamd.service", true)],
            Queue = 0,
            CertificateExpires = DateTimeOffset.UtcNow.AddDays(80),
            ReachesRegistry = true,
        };

    private sealed record Node(int Number, SslStreamCertificateContext Certificate);
}

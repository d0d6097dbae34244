using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Agent;

namespace Gatehouse.Tests.Agent;

/// <summary>
/// Somebody between a joining host and the issuer, with a certificate of his own choice: he ends the TLS of the one, opens
/// another to the other, passes on what is asked and answered, and writes down all that he can read.
/// </summary>
internal sealed class MiddleMan : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly StringBuilder read = new();
    private readonly Lock gate = new();
    private readonly SslStreamCertificateContext shown;
    private readonly int issuer;
    private readonly Func<int, JsonObject, JsonObject> swap;
    private int connections;

    /// <param name="shown">What he shows to the joining host.</param>
    /// <param name="issuer">The port of the issuer.</param>
    /// <param name="swap">What he makes of the introduction that he passes on, by the number of the connection, the first being 1. That
    /// joining goes to himself he has written into it.</param>
    public MiddleMan(SslStreamCertificateContext shown, int issuer, Func<int, JsonObject, JsonObject>? swap = null)
    {
        (this.shown, this.issuer, this.swap) = (shown, issuer, swap ?? ((_, introduction) => introduction));
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How many connections came.</summary>
    public int Connections => connections;

    /// <summary>Everything that he could read of what came from the joining host.</summary>
    public string Read
    {
        get
        {
            lock (gate)
                return read.ToString();
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(), ++connections);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private async Task ServeAsync(TcpClient client, int number)
    {
        try
        {
            using (client)
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificateContext = shown, EnabledSslProtocols = SslProtocols.Tls13 }
                );
                var buffer = new byte[64 << 10];
                while (await tls.ReadAsync(buffer) is > 0 and var length)
                {
                    var text = Encoding.UTF8.GetString(buffer, 0, length);
                    lock (gate)
                        read.Append(text);
                    // A message goes out in one piece, or in two: head and body.
                    if (
                        text.Contains("Content-Length: ", StringComparison.OrdinalIgnoreCase)
                        && text.EndsWith("\r\n\r\n", StringComparison.Ordinal)
                    )
                        continue;
                    var answer = Encoding.UTF8.GetBytes(await PassOnAsync(text, number));
                    await tls.WriteAsync(
                        Encoding.ASCII.GetBytes(
                            $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {answer.Length}\r\n\r\n"
                        )
                    );
                    await tls.WriteAsync(answer);
                }
            }
        }
        catch (Exception e)
            when (e is IOException or AuthenticationException or SocketException or ObjectDisposedException or HttpRequestException)
        {
            // He was found out.
        }
    }

    private async Task<string> PassOnAsync(string text, int number)
    {
        using var handler = new SocketsHttpHandler { SslOptions = MemberTls.Stranger("127.0.0.1") };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{issuer}/") };
        if (!text.StartsWith("GET /v1/introduction ", StringComparison.Ordinal))
        {
            using var content = new StringContent(text[text.IndexOf('{', StringComparison.Ordinal)..]);
            using var response = await http.PostAsync(new Uri("v1/join", UriKind.Relative), content);
            return await response.Content.ReadAsStringAsync();
        }

        var introduction = JsonNode.Parse(await http.GetStringAsync(new Uri("v1/introduction", UriKind.Relative)))!.AsObject();
        introduction["issuer"] = $"127.0.0.1:{Port}";
        return swap(number, introduction).ToJsonString();
    }
}

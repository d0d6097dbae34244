using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Machines.Probes;

/// <summary>An SMTP conversation (RFC 5321), as far as a probe needs one.</summary>
internal sealed class SmtpSession(Stream stream) : IDisposable
{
    private Stream stream = stream;

    /// <summary>Says for whom a load balancer connects: the first line of the PROXY protocol, version 1, before anything else.</summary>
    public async Task HandOverAsync(IPAddress client, IPEndPoint server, CancellationToken ct)
    {
        var family = client.AddressFamily == AddressFamily.InterNetworkV6 ? "TCP6" : "TCP4";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"PROXY {family} {client} {server.Address} 40025 {server.Port}\r\n")
            ),
            ct
        );
    }

    /// <summary>
    /// Ends the conversation in good order: QUIT, its reply, and the closing alert of TLS, without which the server logs an error. A server
    /// that has ended it already is left alone.
    /// </summary>
    public async Task QuitAsync(CancellationToken ct)
    {
        try
        {
            await SayAsync("QUIT", ct);
            if (stream is SslStream tls)
                await tls.ShutdownAsync();
        }
        catch (Exception e)
            when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // It is over in any case.
        }
    }

    /// <summary>Reads the greeting.</summary>
    public Task<SmtpReply> GreetingAsync(CancellationToken ct) => ReplyAsync(ct);

    /// <summary>Sends a command and reads the reply.</summary>
    public async Task<SmtpReply> SayAsync(string command, CancellationToken ct)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), ct);
        return await ReplyAsync(ct);
    }

    /// <summary>Sends a message with its final dot and reads the reply.</summary>
    public async Task<SmtpReply> SendAsync(string message, CancellationToken ct)
    {
        var lines = message.Split("\r\n").Select(l => l.StartsWith('.') ? "." + l : l);
        return await SayAsync(string.Join("\r\n", lines) + "\r\n.", ct);
    }

    /// <summary>Starts TLS and returns the end of the certificate's validity, or what is wrong with the certificate.</summary>
    public async Task<(DateTime Until, string? Problem)> StartTlsAsync(
        string host,
        Func<X509Certificate2, string?> judge,
        CancellationToken ct
    )
    {
        var (until, problem) = (default(DateTime), (string?)"the server presented no certificate");
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        stream = tls;
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = host, RemoteCertificateValidationCallback = Validate },
                ct
            );
        }
        catch (AuthenticationException) when (problem is not null)
        {
            // The judgement says more than the exception.
        }

        return (until, problem);

        bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            if (certificate is null)
                return false;
            using var shown = new X509Certificate2(certificate);
            until = shown.NotAfter;
            problem = judge(shown);
            return problem is null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private async Task<SmtpReply> ReplyAsync(CancellationToken ct)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await LineAsync(ct);
            lines.Add(line);
            if (line.Length < 4 || line[3] != '-')
                break;
        }

        var code = int.TryParse(
            lines[^1].AsSpan(0, Math.Min(3, lines[^1].Length)),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : 0;
        return new SmtpReply(code, string.Join('\n', lines));
    }

    private async Task<string> LineAsync(CancellationToken ct)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < 4096)
        {
            if (await stream.ReadAsync(one, ct) == 0)
                throw new IOException(
                    line.Length > 0 ? $"the server closed the connection after '{line}'" : "the server closed the connection"
                );
            if (one[0] == '\n')
                break;
            if (one[0] != '\r')
                line.Append((char)one[0]);
        }

        return line.ToString();
    }
}

/// <summary>A reply: its code and all its lines.</summary>
internal sealed record SmtpReply(int Code, string Text)
{
    /// <summary>The words of all lines, without their codes.</summary>
    public string Words => string.Join(' ', Text.Split('\n').Select(l => l.Length > 4 ? l[4..] : ""));
}

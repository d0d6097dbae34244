using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Machines.Probes;

/// <summary>
/// A mail host on loopback for the messages of one verification: Exim delivers to it over the transport that it uses for all mail. Exim
/// finds it by a file whose name cannot be guessed, in a directory that root alone writes to and Exim alone looks into; the file goes with
/// the sink.
/// </summary>
internal sealed class DeliverySink : IAsyncDisposable
{
    /// <summary>Where the file lies while the sink is open (templates/exim/component.yaml).</summary>
    public const string Directory = "/var/spool/gatehouse/verify";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> arrivals = new(StringComparer.Ordinal);
    private readonly X509Certificate2 certificate = Certificate();
    private readonly Task serving;

    /// <summary>Opens it.</summary>
    /// <exception cref="MachineException">Exim's configuration has no such directory yet.</exception>
    public DeliverySink()
    {
        if (!System.IO.Directory.Exists(Directory))
            throw new MachineException($"{Directory} is missing; 'gatehouse apply' creates it");
        // What a killed run left; the lock of the network holds off another one that is alive.
        foreach (var old in System.IO.Directory.EnumerateFiles(Directory))
            File.Delete(old);
        listener.Start();
        LocalPart = string.Create(
            CultureInfo.InvariantCulture,
            $"gatehouse-verify-{((IPEndPoint)listener.LocalEndpoint).Port}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}"
        );
        File.WriteAllText(Path.Combine(Directory, LocalPart), "");
        serving = Task.Run(ServeAsync);
    }

    /// <summary>The local part of the sender by which Exim knows the messages.</summary>
    public string LocalPart { get; }

    /// <summary>The message with a subject, as it arrives, headers and all.</summary>
    /// <param name="subject">The subject, which no other message has.</param>
    /// <param name="ct">Ends the waiting.</param>
    public Task<string> ArrivalAsync(string subject, CancellationToken ct) => Expected(subject).Task.WaitAsync(ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        File.Delete(Path.Combine(Directory, LocalPart));
        await end.CancelAsync();
        listener.Stop();
        await serving;
        listener.Dispose();
        certificate.Dispose();
        end.Dispose();
    }

    private TaskCompletionSource<string> Expected(string subject) =>
        arrivals.GetOrAdd(subject, _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task ServeAsync()
    {
        var talks = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(end.Token);
                talks.Add(TalkAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(talks);
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using (client)
        {
            Stream stream = client.GetStream();
            try
            {
                await SayAsync(stream, "220 verification ESMTP");
                while (await LineAsync(stream) is { } line)
                {
                    var verb = line.Split(' ')[0].ToUpperInvariant();
                    switch (verb)
                    {
                        case "EHLO":
                            await SayAsync(
                                stream,
                                stream is SslStream
                                    ? "250-verification\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN"
                                    : "250-verification\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 STARTTLS"
                            );
                            break;
                        case "STARTTLS":
                            await SayAsync(stream, "220 go ahead");
                            var tls = new SslStream(stream);
                            await tls.AuthenticateAsServerAsync(
                                new SslServerAuthenticationOptions { ServerCertificate = certificate },
                                end.Token
                            );
                            stream = tls;
                            break;
                        case "AUTH":
                            await SayAsync(stream, "235 accepted");
                            break;
                        case "DATA":
                            await SayAsync(stream, "354 go ahead");
                            Arrived(await MessageAsync(stream));
                            await SayAsync(stream, "250 discarded");
                            break;
                        case "QUIT":
                            await SayAsync(stream, "221 bye");
                            if (stream is SslStream ending)
                                await ending.ShutdownAsync();
                            return;
                        default:
                            await SayAsync(stream, "250 ok");
                            break;
                    }
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or AuthenticationException)
            {
                // Exim tries again, or the verification fails for want of the message.
            }
            finally
            {
                await stream.DisposeAsync();
            }
        }
    }

    private void Arrived(string message)
    {
        const string header = "Subject: ";
        if (message.Split('\n').FirstOrDefault(l => l.StartsWith(header, StringComparison.Ordinal)) is { } subject)
            Expected(subject[header.Length..].Trim()).TrySetResult(message);
    }

    private async Task SayAsync(Stream stream, string line) => await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), end.Token);

    private async Task<string> MessageAsync(Stream stream)
    {
        var text = new StringBuilder();
        while (await LineAsync(stream) is { } line && line != ".")
            if (text.Length < 1 << 20)
                text.Append(line).Append('\n');
        return text.ToString();
    }

    private async Task<string?> LineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < 65536)
        {
            if (await stream.ReadAsync(one, end.Token) == 0)
                return null;
            if (one[0] == '\n')
                break;
            if (one[0] != '\r')
                line.Append((char)one[0]);
        }

        return line.ToString();
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=verification", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}

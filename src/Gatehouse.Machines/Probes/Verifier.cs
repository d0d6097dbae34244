using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines.Probes;

/// <summary>Probes running services by speaking their protocol. A probe is repeated until it passes or its time is over.</summary>
public sealed class Verifier : IVerifier
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(20);
    private readonly IMachine machine;
    private readonly TimeProvider clock;
    private readonly FrozenDictionary<string, Func<IReadOnlyDictionary<string, string>, CancellationToken, Task<ProbeResult>>> kinds;

    /// <summary>Probes the services of a machine.</summary>
    public Verifier(IMachine machine, TimeProvider clock)
    {
        this.machine = machine;
        this.clock = clock;
        kinds = new Dictionary<string, Func<IReadOnlyDictionary<string, string>, CancellationToken, Task<ProbeResult>>>(StringComparer.Ordinal)
        {
            ["unit"] = UnitAsync,
            ["run"] = RunAsync,
            ["talk"] = TalkAsync,
            ["smtp"] = SmtpAsync,
            ["https"] = HttpsAsync,
            ["clock"] = ClockAsync,
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public async Task<ProbeResult> VerifyAsync(Verification verification, CancellationToken ct)
    {
        var probe = kinds[verification.Kind];
        var start = clock.GetTimestamp();
        while (true)
        {
            var result = await TryAsync(probe, verification, ct);
            if (result.Passed || clock.GetElapsedTime(start) > verification.Within) return result;
            await Task.Delay(Pause, ct);
        }
    }

    private static async Task<ProbeResult> TryAsync(Func<IReadOnlyDictionary<string, string>, CancellationToken, Task<ProbeResult>> probe, Verification verification, CancellationToken ct)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(ct);
        attempt.CancelAfter(Attempt);
        try
        {
            return await probe(verification.Parameters, attempt.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ProbeResult.Fail($"no answer within {Attempt.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or HttpRequestException or MachineException)
        {
            return ProbeResult.Fail(e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message);
        }
    }

    private async Task<ProbeResult> UnitAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var result = await machine.RunAsync(Invocation.Of("systemctl", "is-active", p["unit"]), null, ct);
        return new ProbeResult(result.Succeeded, $"{p["unit"]} is {result.Output.Trim()}");
    }

    private async Task<ProbeResult> RunAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var result = await machine.RunAsync(new Invocation([.. p["run"].Split(' ')]), null, ct);
        return result.Succeeded && Regex.IsMatch(result.Output, p["expect"])
            ? ProbeResult.Pass($"'{p["run"]}' shows it")
            : ProbeResult.Fail($"'{p["run"]}' should show '{p["expect"]}', but exited with {result.ExitCode}: {Short(result.All)}");
    }

    private static async Task<ProbeResult> TalkAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        await using var stream = await ConnectAsync(p["address"], ct);
        if (p.TryGetValue("say", out var say)) await stream.WriteAsync(Encoding.UTF8.GetBytes(say), ct);
        var heard = new StringBuilder();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, ct) is > 0 and var count)
        {
            heard.Append(Encoding.UTF8.GetString(buffer, 0, count));
            if (Regex.IsMatch(heard.ToString(), p["expect"])) return ProbeResult.Pass($"{p["address"]} answers");
            if (heard.Length > 65536) break;
        }

        return ProbeResult.Fail($"{p["address"]} should answer '{p["expect"].Trim()}', but said: {Short(heard.ToString())}");
    }

    private async Task<ProbeResult> SmtpAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        using var session = new SmtpSession(await ConnectAsync(p["address"], ct));
        if (await session.GreetingAsync(ct) is { Code: not 220 } greeting) return ProbeResult.Fail($"greeting: {greeting.Text}");
        if (await session.SayAsync("EHLO localhost", ct) is { Code: not 250 } hello) return ProbeResult.Fail($"EHLO: {hello.Text}");
        if (await session.SayAsync("STARTTLS", ct) is { Code: not 220 } start) return ProbeResult.Fail($"STARTTLS: {start.Text}");
        var (until, problem) = await session.StartTlsAsync(p["host"], c => JudgeCertificate(c, p["host"]), ct);
        if (problem is not null) return ProbeResult.Fail(problem);
        if (!p.TryGetValue("message", out var kind)) return ProbeResult.Pass($"certificate for {p["host"]}, valid until {until:yyyy-MM-dd}");
        string[] opening = ["EHLO localhost", "MAIL FROM:<>", $"RCPT TO:<{p["recipient"]}>"];
        foreach (var command in opening)
            if (await session.SayAsync(command, ct) is { Code: not 250 } reply) return ProbeResult.Fail($"{command.Split(':')[0]}: {reply.Text}");
        if (await session.SayAsync("DATA", ct) is { Code: not 354 } data) return ProbeResult.Fail($"DATA: {data.Text}");
        var verdict = await session.SendAsync(TestMessages.Text(kind, p["recipient"], clock.GetUtcNow()), ct);
        return verdict.Code == 250 && Regex.IsMatch(verdict.Words, p["expect"]) ? ProbeResult.Pass(verdict.Words) : ProbeResult.Fail($"message: {verdict.Text}");
    }

    private async Task<ProbeResult> HttpsAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var problem = "no certificate was shown";
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (_, token) => await ConnectAsync(p["address"], token),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (problem = certificate is null ? problem : JudgeCertificate(new X509Certificate2(certificate), p["host"])) is null,
            },
        };
        using var client = new HttpClient(handler);
        try
        {
            using var response = await client.GetAsync(new Uri($"https://{p["host"]}{p["path"]}"), ct);
            var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            return status == p["status"] ? ProbeResult.Pass($"https://{p["host"]}{p["path"]} answers {status}") : ProbeResult.Fail($"https://{p["host"]}{p["path"]} should answer {p["status"]}, but answers {status}");
        }
        catch (HttpRequestException) when (problem is not (null or "no certificate was shown"))
        {
            return ProbeResult.Fail(problem);
        }
    }

    // Certificates made after "now", or a clock that a time server contradicts, mean that the clock is wrong.
    private async Task<ProbeResult> ClockAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (now.Year is < 2025 or > 2100) return ProbeResult.Fail($"the clock says {now:yyyy-MM-dd}");
        var result = await machine.RunAsync(Invocation.Of("chronyc", "-n", "-c", "tracking"), null, ct);
        var fields = result.Output.Trim().Split(',');
        if (!result.Succeeded || fields.Length < 14) return ProbeResult.Fail($"chronyc tracking: {Short(result.All)}");
        if (fields[13] == "Not synchronised") return ProbeResult.Pass("the clock is plausible; no time server has answered yet");
        return double.TryParse(fields[4], NumberStyles.Float, CultureInfo.InvariantCulture, out var offset) && Math.Abs(offset) < 1
            ? ProbeResult.Pass($"synchronised, {offset:0.000000} s off")
            : ProbeResult.Fail($"the clock is {fields[4]} s off");
    }

    private string? JudgeCertificate(X509Certificate2 certificate, string host) =>
        !certificate.MatchesHostname(host) ? $"the certificate is for {certificate.Subject}, not for {host}"
        : certificate.NotAfter.ToUniversalTime() < clock.GetUtcNow() ? $"the certificate expired on {certificate.NotAfter:yyyy-MM-dd}"
        : null;

    private static async ValueTask<NetworkStream> ConnectAsync(string address, CancellationToken ct)
    {
        EndPoint point = address.StartsWith('/') ? new UnixDomainSocketEndPoint(address) : IPEndPoint.Parse(address);
        var socket = new Socket(point.AddressFamily, SocketType.Stream, point.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(point, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Short(string text) => text.Trim() is { Length: > 300 } long_ ? long_[..300] + "..." : text.Trim();
}

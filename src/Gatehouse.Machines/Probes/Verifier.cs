using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines.Probes;

/// <summary>Probes running services by speaking their protocol. A probe is repeated until it passes or its time is over.</summary>
public sealed class Verifier : IVerifier
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    // A service that was reloaded a moment ago may give its old answer for a while.
    private static readonly TimeSpan AnswersSettle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Turns = TimeSpan.FromMinutes(3);
    private readonly IMachine machine;
    private readonly TimeProvider clock;
    private readonly StrangerWorld world;
    private readonly FrozenDictionary<string, Func<IReadOnlyDictionary<string, string>, CancellationToken, Task<ProbeResult>>> kinds;

    /// <summary>Probes the services of a machine.</summary>
    public Verifier(IMachine machine, TimeProvider clock)
    {
        this.machine = machine;
        this.clock = clock;
        world = new StrangerWorld(machine, clock);
        kinds = new Dictionary<string, Func<IReadOnlyDictionary<string, string>, CancellationToken, Task<ProbeResult>>>(
            StringComparer.Ordinal
        )
        {
            ["unit"] = UnitAsync,
            ["run"] = RunAsync,
            ["talk"] = TalkAsync,
            ["smtp"] = SmtpAsync,
            ["https"] = HttpsAsync,
            ["clock"] = ClockAsync,
            [StrangerPlan.Kind] = world.PlayAsync,
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public async Task<ProbeResult> VerifyAsync(Verification verification, CancellationToken ct)
    {
        if (verification.Kind != StrangerPlan.Kind)
            return await RepeatAsync(verification, ct);
        await using var visit = world.Enter();
        return await RepeatAsync(verification, ct);
    }

    private async Task<ProbeResult> RepeatAsync(Verification verification, CancellationToken ct)
    {
        var probe = kinds[verification.Kind];
        var start = clock.GetTimestamp();
        var looked = start;
        string? down = null;
        while (true)
        {
            var result = await TryAsync(probe, verification, ct);
            if (result.Passed)
                return result;
            if (clock.GetElapsedTime(looked) > BetweenLooks)
            {
                down = await WhyDownAsync(verification, ct);
                looked = clock.GetTimestamp();
            }

            if (down is not null)
                result = ProbeResult.Wrong($"{result.Detail}; {down}");
            var within = result.IsAnswer && verification.Within > AnswersSettle ? AnswersSettle : verification.Within;
            if (clock.GetElapsedTime(start) > within)
                return verification.Parameters.TryGetValue("hint", out var hint)
                    ? result with
                    {
                        Detail = $"{result.Detail}. {hint}",
                    }
                    : result;
            await Task.Delay(Pause, ct);
        }
    }

    // A service that is stopped or has failed answers no later; one that is slow has its time.
    private async Task<string?> WhyDownAsync(Verification verification, CancellationToken ct)
    {
        if (!verification.Parameters.TryGetValue("unit", out var unit) || verification.Kind == "unit")
            return null;
        var state = (await machine.RunAsync(Invocation.Of("systemctl", "is-active", unit), null, ct)).Output.Trim();
        return state is "inactive" or "failed" ? $"{unit} is {state}" : null;
    }

    private static async Task<ProbeResult> TryAsync(
        Func<IReadOnlyDictionary<string, string>, CancellationToken, Task<ProbeResult>> probe,
        Verification verification,
        CancellationToken ct
    )
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Conversations wait for their turn, and have a limit of their own once it is there.
        attempt.CancelAfter(verification.Kind == StrangerPlan.Kind ? Turns : Attempt);
        try
        {
            return await probe(verification.Parameters, attempt.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ProbeResult.Fail($"no answer within {Attempt.TotalSeconds:0} s");
        }
        catch (Exception e)
            when (e is SocketException or IOException or AuthenticationException or HttpRequestException or MachineException)
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
        if (p.TryGetValue("say", out var say))
            await stream.WriteAsync(Encoding.UTF8.GetBytes(say), ct);
        var heard = new StringBuilder();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, ct) is > 0 and var count)
        {
            heard.Append(Encoding.UTF8.GetString(buffer, 0, count));
            if (Regex.IsMatch(heard.ToString(), p["expect"]))
                return ProbeResult.Pass($"{p["address"]} answers");
            if (heard.Length > 65536)
                break;
        }

        return ProbeResult.Fail($"{p["address"]} should answer '{p["expect"].Trim()}', but answers: {Short(heard.ToString())}");
    }

    private async Task<ProbeResult> SmtpAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        using var session = new SmtpSession(await ConnectAsync(p["address"], ct));
        var result = await SmtpAsync(session, p, ct);
        await session.QuitAsync(ct);
        return result;
    }

    private async Task<ProbeResult> SmtpAsync(SmtpSession session, IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        if (await session.GreetingAsync(ct) is { Code: not 220 } greeting)
            return ProbeResult.Fail($"greeting: {greeting.Text}");
        if (await session.SayAsync("EHLO localhost", ct) is { Code: not 250 } hello)
            return ProbeResult.Fail($"EHLO: {hello.Text}");
        if (await session.SayAsync("STARTTLS", ct) is { Code: not 220 } start)
            return ProbeResult.Fail($"STARTTLS: {start.Text}");
        var placed = await PlacedAsync(p, ct);
        var (until, problem) = await session.StartTlsAsync(p["host"], c => JudgeCertificate(c, p["host"], placed), ct);
        if (problem is not null)
            return ProbeResult.Fail(problem);
        if (!p.TryGetValue("message", out var kind))
            return ProbeResult.Pass($"certificate for {p["host"]}, valid until {until:yyyy-MM-dd}");
        string[] opening = ["EHLO localhost", "MAIL FROM:<>", $"RCPT TO:<{p["recipient"]}>"];
        foreach (var command in opening)
            if (await session.SayAsync(command, ct) is { Code: not 250 } reply)
                return ProbeResult.Fail($"{command.Split(':')[0]}: {reply.Text}");
        if (await session.SayAsync("DATA", ct) is { Code: not 354 } data)
            return ProbeResult.Fail($"DATA: {data.Text}");
        var verdict = await session.SendAsync(TestMessages.Text(kind, p["recipient"], clock.GetUtcNow()), ct);
        return verdict.Code == 250 && Regex.IsMatch(verdict.Words, p["expect"])
            ? ProbeResult.Pass(verdict.Words)
            : ProbeResult.Fail($"message: {verdict.Text}");
    }

    private async Task<ProbeResult> HttpsAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        if (p.TryGetValue("password_file", out var file) && await machine.ReadAsync(file, ct) is null)
            return ProbeResult.Unknown($"not tried: {file}, which contained the password, no longer exists");
        var problem = "the server presented no certificate";
        var placed = await PlacedAsync(p, ct);
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (_, token) => await ConnectAsync(p["address"], token),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    (problem = certificate is null ? problem : JudgeCertificate(new X509Certificate2(certificate), p["host"], placed))
                        is null,
            },
        };
        using var client = new HttpClient(handler);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://{p["host"]}{p["path"]}"));
            if (await LoginAsync(p, ct) is { } login)
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", login);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            return p["status"].Split(" or ").Contains(status)
                ? ProbeResult.Pass(
                    $"https://{p["host"]}{p["path"]} answers {status}{(p.TryGetValue("note", out var note) ? $"; {note}" : "")}"
                )
                : ProbeResult.Fail($"https://{p["host"]}{p["path"]} should answer {p["status"]}, but answers {status}");
        }
        catch (HttpRequestException) when (problem is not (null or "the server presented no certificate"))
        {
            return ProbeResult.Fail(problem);
        }
    }

    // Certificates made after "now", or a clock that a time server contradicts, mean that the clock is wrong.
    private async Task<ProbeResult> ClockAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (now.Year is < 2025 or > 2100)
            return ProbeResult.Fail($"the clock says {now:yyyy-MM-dd}");
        var result = await machine.RunAsync(Invocation.Of("chronyc", "-n", "-c", "tracking"), null, ct);
        var fields = result.Output.Trim().Split(',');
        if (!result.Succeeded || fields.Length < 14)
            return ProbeResult.Fail($"chronyc tracking: {Short(result.All)}");
        if (fields[13] == "Not synchronised")
            return ProbeResult.Pass("the clock is plausible; no time server has answered yet");
        return double.TryParse(fields[4], NumberStyles.Float, CultureInfo.InvariantCulture, out var offset) && Math.Abs(offset) < 1
            ? ProbeResult.Pass($"synchronised, {offset:0.000000} s off")
            : ProbeResult.Fail($"the clock is {fields[4]} s off");
    }

    // The login with a password from a file that root alone reads, or with one that nobody has.
    private async ValueTask<string?> LoginAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        if (!p.TryGetValue("user", out var user))
            return null;
        var password = p.TryGetValue("password_file", out var file)
            ? (await machine.ReadAsync(file, ct))?.Text.TrimEnd('\n', '\r')
                ?? throw new MachineException($"{file} is missing, so the login cannot be tested")
            : Guid.NewGuid().ToString("N");
        return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
    }

    // The certificate that a service is to show, as it lies on the disk; null when any will do that is for the right name.
    private async ValueTask<X509Certificate2?> PlacedAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        if (!p.TryGetValue("certificate", out var path))
            return null;
        var file = await machine.ReadAsync(path, ct) ?? throw new MachineException($"{path} is missing");
        try
        {
            return X509Certificate2.CreateFromPem(file.Text);
        }
        catch (CryptographicException e)
        {
            throw new MachineException($"{path} contains no certificate: {e.Message}", e);
        }
    }

    private string? JudgeCertificate(X509Certificate2 certificate, string host, X509Certificate2? placed) =>
        placed is not null && !certificate.RawDataMemory.Span.SequenceEqual(placed.RawDataMemory.Span)
            ? $"the presented certificate ({certificate.Subject}, serial number {certificate.SerialNumber}) is not the "
                + $"installed one ({placed.Subject}, serial number {placed.SerialNumber})"
        : !certificate.MatchesHostname(host) ? $"the certificate is for {certificate.Subject}, not for {host}"
        : certificate.NotAfter.ToUniversalTime() < clock.GetUtcNow() ? $"the certificate expired on {certificate.NotAfter:yyyy-MM-dd}"
        : null;

    private static async ValueTask<NetworkStream> ConnectAsync(string address, CancellationToken ct)
    {
        EndPoint point = address.StartsWith('/') ? new UnixDomainSocketEndPoint(address) : IPEndPoint.Parse(address);
        var socket = new Socket(
            point.AddressFamily,
            SocketType.Stream,
            point.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp
        );
        try
        {
            await socket.ConnectAsync(point, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e) when (point.AddressFamily == AddressFamily.Unix)
        {
            // The system's words for it are about addresses.
            socket.Dispose();
            throw new MachineException(
                !File.Exists(address) ? $"the socket {address} does not exist"
                    : e.SocketErrorCode == SocketError.ConnectionRefused ? $"nothing listens on the socket {address}"
                    : $"{address}: {e.Message}",
                e
            );
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Short(string text) => text.Trim() is { Length: > 300 } long_ ? long_[..300] + "..." : text.Trim();
}

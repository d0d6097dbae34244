using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Core.Outside;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Machines.Probes;

namespace Gatehouse.Machines.Outside;

/// <summary>Looks at the world around a gateway: this host's resources, DNS, and the mail servers it talks to. It changes
/// nothing.</summary>
/// <param name="machine">The host.</param>
/// <param name="facts">What is known of it.</param>
/// <param name="clock">The time.</param>
public sealed class OutsideProbe(LocalMachine machine, Facts facts, TimeProvider clock)
{
    /// <summary>How long all looks at the network take together, at most.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    // The system's resolver reads no more (resolv.conf(5)).
    private const int MostResolvers = 3;
    private static readonly TimeSpan Connecting = TimeSpan.FromSeconds(2);
    private static readonly ImmutableArray<string> Growing = ["/var/lib", "/var/spool"];
    private static readonly ImmutableArray<string> CertificateFiles = ["/etc/gatehouse/pki/mta.crt", "/etc/gatehouse/pki/web.crt"];

    /// <summary>Looks around.</summary>
    /// <param name="settings">The gateway.</param>
    /// <param name="network">Whether to look at the network as well.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<OutsideView> LookAsync(GatewaySettings settings, bool network, CancellationToken ct)
    {
        var clockSet = ClockAsync(ct);
        var view = new OutsideView
        {
            Now = clock.GetUtcNow(),
            Network = network,
            Addresses = facts.Addresses,
            MemoryBytes = facts.MemoryBytes,
            SshPorts = facts.SshPorts,
            Free = Free(),
            IsSetUp = await new GenerationStore(machine).CurrentAsync(ct) is not null,
            Signatures = VirusSignatures.Newest(machine),
            Certificates = [.. Certificates()],
            DkimKey =
                settings.Mta is { DkimDomains: [var first, ..] }
                && DkimRecord.LineOf(await DkimFileAsync(settings, ct), OutsideQuestions.DkimName(settings, first)) is { } line
                    ? DkimRecord.KeyOfLine(line)
                    : "",
        };
        if (network)
            view = await NetworkAsync(settings, view, ct);
        return view with { ClockSynchronised = await clockSet };
    }

    /// <summary>The file that says which DKIM records to publish; empty when there is none.</summary>
    public async Task<string> DkimFileAsync(GatewaySettings settings, CancellationToken ct) =>
        settings.Mta is { } mta && await machine.ReadAsync($"/etc/gatehouse/dkim/{mta.DkimSelector}.txt", ct) is { } file
            ? Encoding.UTF8.GetString(file.Bytes.Span)
            : "";

    // Who is slow to answer is not known to be wrong: what has not come back in time is not judged.
    private static async Task<OutsideView> NetworkAsync(GatewaySettings settings, OutsideView view, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        // Three rounds of a second at most; what is left of the time is for mail servers.
        ImmutableArray<IPAddress> resolvers = [.. settings.System.Resolvers.Take(MostResolvers)];
        var alive = await DnsLook.AliveAsync(resolvers, OutsideQuestions.First(settings).First(), limit.Token);
        var answers = DnsAnswers.None;
        if (!alive.IsEmpty)
        {
            var dns = new DnsLook(alive);
            answers = new DnsAnswers(await dns.AskAsync(OutsideQuestions.First(settings), limit.Token));
            answers = new DnsAnswers(answers.All.AddRange(await dns.AskAsync(OutsideQuestions.Second(settings, answers), limit.Token)));
        }

        var outward = OutwardAsync(settings, answers, limit.Token);
        var destinations = await DestinationsAsync(settings, answers, limit.Token);
        var looked = await outward;
        ct.ThrowIfCancellationRequested();
        return view with { SilentResolvers = [.. resolvers.Except(alive)], Dns = answers, Destinations = destinations, Outward = looked };
    }

    private static async Task<ImmutableArray<DestinationLook>> DestinationsAsync(
        GatewaySettings settings,
        DnsAnswers answers,
        CancellationToken ct
    )
    {
        var name = OutsideQuestions.NameOf(settings);
        var groups = OutsideQuestions.Domains(settings).GroupBy(d => d.Destination, d => d.Domain);
        var looks = await Task.WhenAll(groups.Select(g => DestinationAsync(g.Key, [.. g], name, answers, ct)));
        return [.. looks.SelectMany(l => l)];
    }

    private static async Task<ImmutableArray<DestinationLook>> DestinationAsync(
        HostPort destination,
        ImmutableArray<string> domains,
        string name,
        DnsAnswers answers,
        CancellationToken ct
    )
    {
        // Exim may know the name from /etc/hosts; a destination whose name nobody could look up is not judged.
        if (await AddressesAsync(destination.Host, answers, ct) is not { } addresses)
            return [];
        if (addresses.IsEmpty)
            return [.. domains.Select(d => new DestinationLook(d, destination.ToString(), 0, "its name does not resolve to an address"))];
        return await AskDestinationAsync(addresses, destination.ToString(), destination.Port, domains, name, ct);
    }

    private static async Task<ImmutableArray<IPAddress>?> AddressesAsync(string host, DnsAnswers answers, CancellationToken ct)
    {
        if (answers.AddressesOf(host) is { IsEmpty: false } known)
            return known;
        try
        {
            return [.. await Dns.GetHostAddressesAsync(host, ct)];
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return answers.AddressesOf(host);
        }
    }

    private static async Task<ImmutableArray<DestinationLook>> AskDestinationAsync(
        ImmutableArray<IPAddress> addresses,
        string destination,
        int port,
        ImmutableArray<string> domains,
        string name,
        CancellationToken ct
    )
    {
        var looks = ImmutableArray.CreateBuilder<DestinationLook>();
        try
        {
            using var session = new SmtpSession(await ConnectAsync(addresses, port, ct));
            if (await session.GreetingAsync(ct) is { Code: not 220 } greeting)
                return All(greeting.Code, greeting.Text);
            if (await session.SayAsync($"EHLO {name}", ct) is { Code: not 250 } hello)
                return All(hello.Code, hello.Text);
            if (await session.SayAsync("MAIL FROM:<>", ct) is { Code: not 250 } sender)
                return All(sender.Code, sender.Text);
            foreach (var domain in domains)
            {
                var reply = await session.SayAsync($"RCPT TO:<postmaster@{domain}>", ct);
                looks.Add(new DestinationLook(domain, destination, reply.Code, reply.Text));
            }

            await session.SayAsync("QUIT", ct);
            return looks.ToImmutable();
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            // What it said before it went away counts.
            return looks.Count == domains.Length
                ? looks.ToImmutable()
                : [.. looks, .. All(0, e is OperationCanceledException ? "it did not answer in time" : e.Message).Skip(looks.Count)];
        }

        ImmutableArray<DestinationLook> All(int code, string words) =>
            [.. domains.Select(d => new DestinationLook(d, destination, code, words))];
    }

    // The smart host, else a mail host of the postmaster's domain when that is none of ours: no host of strangers is bothered.
    private static async Task<OutwardLook?> OutwardAsync(GatewaySettings settings, DnsAnswers answers, CancellationToken ct)
    {
        if (settings.Mta is not { } mta)
            return null;
        var (host, port) =
            mta.SmartHost is { } smart ? (smart.Host, smart.Port)
            : OutsideQuestions.ForeignDomain(settings) is { } foreign && answers[foreign, DnsKind.Mx].Values is [var first, ..]
                ? (first, 25)
            : ("", 0);
        if (host.Length == 0 || answers.AddressesOf(host) is not { IsEmpty: false } addresses)
            return null;
        try
        {
            using var session = new SmtpSession(await ConnectAsync(addresses, port, ct));
            return new OutwardLook($"{host}:{port}", "");
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return new OutwardLook($"{host}:{port}", e is OperationCanceledException ? "it did not answer in time" : e.Message);
        }
    }

    private static async Task<NetworkStream> ConnectAsync(ImmutableArray<IPAddress> addresses, int port, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Connecting);
        Exception? last = null;
        foreach (var address in addresses.OrderBy(a => a.AddressFamily))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(address, port, limit.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                last = e;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<bool?> ClockAsync(CancellationToken ct)
    {
        var result = await machine.RunAsync(
            new Invocation(["chronyc", "-n", "-c", "tracking"], Timeout: TimeSpan.FromSeconds(2)),
            null,
            ct
        );
        var fields = result.Output.Trim().Split(',');
        return result.Succeeded && fields.Length >= 14 ? fields[13] != "Not synchronised" : null;
    }

    private ImmutableSortedDictionary<string, long> Free()
    {
        var drives = DriveInfo.GetDrives().Where(d => d.IsReady && d.TotalSize > 0).ToArray();
        return (
            from place in Growing
            let real = machine.Real(place)
            where Directory.Exists(real)
            let drive = drives
                .Where(d => real == d.Name || real.StartsWith(d.Name.TrimEnd('/') + "/", StringComparison.Ordinal))
                .MaxBy(d => d.Name.Length)
            where drive is not null
            group (place, drive.AvailableFreeSpace) by drive.Name into one
            select one.First()
        ).ToImmutableSortedDictionary(f => f.place, f => f.AvailableFreeSpace, StringComparer.Ordinal);
    }

    private IEnumerable<(string File, DateTimeOffset Until)> Certificates()
    {
        foreach (var path in CertificateFiles.Where(p => File.Exists(machine.Real(p))))
        {
            DateTimeOffset until;
            try
            {
                using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(machine.Real(path)));
                until = certificate.NotAfter.ToUniversalTime();
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                // The daemons' own checks tell of a certificate that cannot be read.
                continue;
            }

            yield return (path, until);
        }
    }
}

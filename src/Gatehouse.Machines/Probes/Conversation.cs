using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Verifying;

namespace Gatehouse.Machines.Probes;

/// <summary>Plays a conversation of the <see cref="StrangerPlan"/> with the host's mail port, as the client that it names.</summary>
/// <param name="machine">The host.</param>
/// <param name="network">The network of the client.</param>
/// <param name="sink">What messages are delivered to.</param>
/// <param name="clock">The time.</param>
internal sealed class Conversation(IMachine machine, StrangerNetwork network, DeliverySink sink, TimeProvider clock)
{
    private const string Hello = "EHLO verification.invalid";
    private const string NoDomain = "verification.invalid";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Arrival = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(2);

    /// <summary>Plays it once.</summary>
    public async Task<ProbeResult> PlayAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var client = IPAddress.Parse(p["client"]);
        if (
            network.Server(p.TryGetValue("server", out var wanted) ? IPAddress.Parse(wanted) : null, client.AddressFamily)
            is not { } address
        )
            return ProbeResult.Pass($"this host has no {p["family"]} address, so no client can connect to one");
        if (network.IsOwn(client))
            return ProbeResult.Unknown($"not verified as {client}, because that is an address of this host");
        var server = new IPEndPoint(address, int.Parse(p["port"], CultureInfo.InvariantCulture));
        var isClosed = p.ContainsKey("closed");
        NetworkStream stream;
        try
        {
            stream = await ConnectAsync(client, server, isClosed, ct);
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            if (isClosed)
                return ProbeResult.Pass($"{client} cannot connect to {server}");
            // Nobody listens while a daemon starts; dropped packets have another reason.
            return e is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? ProbeResult.Fail($"{client} cannot connect to {server}: {e.Message}")
                : ProbeResult.Wrong(
                    $"{client} cannot connect to {server}, because a firewall drops its packets ('nft list ruleset' shows all rules)"
                );
        }

        using var session = new SmtpSession(stream);
        return await TalkAsync(session, p, client, server, isClosed, ct);
    }

    private async Task<NetworkStream> ConnectAsync(IPAddress client, IPEndPoint server, bool isClosed, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(isClosed ? TimeSpan.FromMilliseconds(700) : Answer);
        return await network.ConnectAsync(client, server, limit.Token);
    }

    private async Task<ProbeResult> TalkAsync(
        SmtpSession session,
        IReadOnlyDictionary<string, string> p,
        IPAddress client,
        IPEndPoint server,
        bool isClosed,
        CancellationToken ct
    )
    {
        var who = p.TryGetValue("behind", out var behind) ? $"{behind} behind the load balancer {client}" : client.ToString();
        if (behind is not null)
            await session.HandOverAsync(IPAddress.Parse(behind), server, ct);
        if (p["tls"] == "implicit")
            await session.StartTlsAsync(server.Address.ToString(), _ => null, ct);
        if (await session.GreetingAsync(ct) is { Code: not 220 } greeting)
            return ProbeResult.Fail($"{who}: the greeting is '{greeting.Text}'");
        if (await session.SayAsync(Hello, ct) is { Code: not 250 } hello)
            return ProbeResult.Wrong($"{who}: the reply to EHLO is '{hello.Text}'");
        if (p["tls"] == "starttls")
        {
            if (await session.SayAsync("STARTTLS", ct) is { Code: not 220 } start)
                return ProbeResult.Fail($"{who}: the reply to STARTTLS is '{start.Text}'");
            await session.StartTlsAsync(server.Address.ToString(), _ => null, ct);
            await session.SayAsync(Hello, ct);
        }

        try
        {
            var mail = await session.SayAsync($"MAIL FROM:<{sink.LocalPart}@{p.GetValueOrDefault("sender_domain", NoDomain)}>", ct);
            if (isClosed)
                return mail.Code / 100 == 5
                    ? ProbeResult.Pass($"{who} is rejected: {mail.Words}")
                    : ProbeResult.Wrong($"{who} should be rejected at {server}, but the reply to MAIL is '{mail.Text}'");
            if (mail.Code != 250)
                return ProbeResult.Wrong($"{who}: the reply to MAIL is '{mail.Text}'");
            return p.ContainsKey("recipient")
                ? await DeliverAsync(session, p, who, ct)
                : await AskAsync(session, p, who, await AsksAsync(p, ct), ct);
        }
        finally
        {
            await session.QuitAsync(ct);
        }
    }

    private static async Task<ProbeResult> AskAsync(
        SmtpSession session,
        IReadOnlyDictionary<string, string> p,
        string who,
        ImmutableArray<Ask> asks,
        CancellationToken ct
    )
    {
        var start = Stopwatch.GetTimestamp();
        var (asked, left) = (0, 0);
        // What depends on destinations comes last, and is left out when they are slow.
        foreach (var ask in asks.OrderBy(a => a.Expectation == Expectation.Destination))
        {
            if (ask.Expectation == Expectation.Destination && Stopwatch.GetElapsedTime(start) > Patience)
            {
                left++;
                continue;
            }

            var reply = await session.SayAsync($"RCPT TO:<{ask.Address}>", ct);
            if (ask.Judge(reply.Code, reply.Text, p.ContainsKey("block_lists")) is { } problem)
                return ProbeResult.Wrong($"{who}: {problem}");
            asked++;
        }

        return ProbeResult.Pass(
            $"{who}: {asked} {(asked == 1 ? "recipient" : "recipients")} answered as "
                + $"configured{(left > 0 ? $"; {left} not tried, because destinations answer slowly" : "")}"
        );
    }

    // The message goes the whole way: in by SMTP, through the scanners, into the queue, and out over the transport.
    private async Task<ProbeResult> DeliverAsync(
        SmtpSession session,
        IReadOnlyDictionary<string, string> p,
        string who,
        CancellationToken ct
    )
    {
        if (await session.SayAsync($"RCPT TO:<{p["recipient"]}>", ct) is { Code: not 250 } rcpt)
            return ProbeResult.Wrong($"{who}: mail to {p["recipient"]} should be accepted, but the reply is '{rcpt.Text}'");
        if (await session.SayAsync("DATA", ct) is { Code: not 354 } data)
            return ProbeResult.Wrong($"{who}: the reply to DATA is '{data.Text}'");
        var subject = $"verification {Guid.NewGuid():N}";
        var domain = p.GetValueOrDefault("sender_domain", NoDomain);
        var reply = await session.SendAsync(
            TestMessages.Letter($"gatehouse-verify@{domain}", p["recipient"], subject, clock.GetUtcNow()),
            ct
        );
        if (reply.Code != 250)
            return ProbeResult.Fail($"{who}: the message should be accepted, but the reply is '{reply.Text}'");
        try
        {
            var message = await sink.ArrivalAsync(subject, ct).WaitAsync(Arrival, clock, ct);
            var arrival = new ArrivedMessage(message);
            return arrival.Problem(p) is { } problem
                ? ProbeResult.Wrong($"{who}: {problem}")
                : ProbeResult.Pass(
                    $"{who}: scanned ({arrival.Verdict(p)}), delivered, "
                        + $"{(arrival.Signatures.IsEmpty ? "not signed" : $"signed by {string.Join(", ", arrival.Signatures)}")}"
                );
        }
        catch (TimeoutException)
        {
            await RemoveAsync(reply.Words, ct);
            return ProbeResult.Wrong(
                $"{who}: the message was accepted ({reply.Words}), but was not delivered within {Arrival.TotalSeconds:0} s; see "
                    + $"/var/log/exim4/mainlog"
            );
        }
    }

    // No message of verification stays in the queue.
    private async Task RemoveAsync(string words, CancellationToken ct)
    {
        if (words.Split("id=") is [_, var id])
            await machine.RunAsync(Invocation.Of("exim4", "-Mrm", id.Trim()), null, ct);
    }

    private async Task<ImmutableArray<Ask>> AsksAsync(IReadOnlyDictionary<string, string> p, CancellationToken ct)
    {
        var asks = Ask.Read(p["ask"]);
        if (!p.TryGetValue("list", out var path))
            return asks;
        var list = await machine.ReadAsync(path, ct);
        return [.. RecipientSample.Of(list?.Text ?? "", p["domains"].Split(' ', StringSplitOptions.RemoveEmptyEntries)), .. asks];
    }
}

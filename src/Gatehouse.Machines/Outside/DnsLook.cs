using System.Collections.Immutable;
using System.Net;
using DnsClient;
using Gatehouse.Core.Outside;
using DnsQuestion = Gatehouse.Core.Outside.DnsQuestion;

namespace Gatehouse.Machines.Outside;

/// <summary>Asks name servers, all questions at the same time.</summary>
internal sealed class DnsLook(IEnumerable<IPAddress> resolvers, int port = DnsLook.Port)
{
    private const int Port = 53;
    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(1000);

    private readonly LookupClient client = new(
        new LookupClientOptions([.. resolvers.Select(r => new NameServer(r, port))])
        {
            UseCache = false,
            Timeout = Each,
            Retries = 0,
            UseRandomNameServer = false,
            ThrowDnsErrors = false,
        }
    );

    /// <summary>Those of some name servers that answer a question, whatever the answer is, an error included. A dead one would hold up
    /// every other question.</summary>
    /// <param name="resolvers">The name servers.</param>
    /// <param name="question">What to ask.</param>
    /// <param name="ct">Ends it.</param>
    /// <param name="port">Their port.</param>
    public static async Task<ImmutableArray<IPAddress>> AliveAsync(
        IEnumerable<IPAddress> resolvers,
        DnsQuestion question,
        CancellationToken ct,
        int port = Port
    )
    {
        var each = await Task.WhenAll(
            resolvers.Select(async r => (Resolver: r, Reply: await new DnsLook([r], port).QueryAsync(question, ct)))
        );
        return [.. each.Where(e => e.Reply is not null).Select(e => e.Resolver)];
    }

    /// <summary>Asks; a question without an answer has <see cref="DnsAnswer.Nothing"/>.</summary>
    public async Task<ImmutableDictionary<DnsQuestion, DnsAnswer>> AskAsync(IEnumerable<DnsQuestion> questions, CancellationToken ct)
    {
        var answers = await Task.WhenAll(questions.Select(async q => (q, await AskAsync(q, ct))));
        return answers.ToImmutableDictionary(a => a.q, a => a.Item2);
    }

    private async Task<DnsAnswer> AskAsync(DnsQuestion question, CancellationToken ct) =>
        await QueryAsync(question, ct) is { } reply
        && (!reply.HasError || reply.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain)
            ? new DnsAnswer(true, [.. Values(question.Kind, reply)])
            : DnsAnswer.Nothing;

    // Null when nothing came back.
    private async Task<IDnsQueryResponse?> QueryAsync(DnsQuestion question, CancellationToken ct)
    {
        try
        {
            return question.Kind == DnsKind.Reverse
                ? await client.QueryReverseAsync(IPAddress.Parse(question.Name), ct)
                : await client.QueryAsync(question.Name, Type(question.Kind), QueryClass.IN, ct);
        }
        catch (Exception e)
            when (e is DnsResponseException or OperationCanceledException or IOException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    private static QueryType Type(DnsKind kind) =>
        kind switch
        {
            DnsKind.A => QueryType.A,
            DnsKind.Aaaa => QueryType.AAAA,
            DnsKind.Mx => QueryType.MX,
            _ => QueryType.TXT,
        };

    private static IEnumerable<string> Values(DnsKind kind, IDnsQueryResponse reply) =>
        kind switch
        {
            DnsKind.A => reply.Answers.ARecords().Select(r => r.Address.ToString()),
            DnsKind.Aaaa => reply.Answers.AaaaRecords().Select(r => r.Address.ToString()),
            DnsKind.Mx => reply.Answers.MxRecords().OrderBy(r => r.Preference).Select(r => Name(r.Exchange)),
            DnsKind.Reverse => reply.Answers.PtrRecords().Select(r => Name(r.PtrDomainName)),
            _ => reply.Answers.TxtRecords().Select(r => string.Concat(r.Text)),
        };

    private static string Name(DnsString name) => name.Value.TrimEnd('.').ToLowerInvariant();
}

using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Core.Outside;

/// <summary>The record types that are looked up.</summary>
public enum DnsKind
{
    /// <summary>IPv4 addresses.</summary>
    A,

    /// <summary>IPv6 addresses.</summary>
    Aaaa,

    /// <summary>Mail hosts, best first; a value is the name alone.</summary>
    Mx,

    /// <summary>Texts; the strings of a record are joined.</summary>
    Txt,

    /// <summary>The name of an address.</summary>
    Reverse,
}

/// <summary>A question for the name servers.</summary>
/// <param name="Name">The name in lower case without a dot at the end; for <see cref="DnsKind.Reverse"/> the address.</param>
/// <param name="Kind">The record type.</param>
public sealed record DnsQuestion(string Name, DnsKind Kind);

/// <summary>What came back.</summary>
/// <param name="Answered">Whether a name server answered at all; "there is none" is an answer.</param>
/// <param name="Values">The values, names in lower case without a dot at the end.</param>
public sealed record DnsAnswer(bool Answered, ImmutableArray<string> Values)
{
    /// <summary>No name server answered.</summary>
    public static DnsAnswer Nothing { get; } = new(false, []);
}

/// <summary>All answers of a look around.</summary>
/// <param name="All">By question.</param>
public sealed record DnsAnswers(ImmutableDictionary<DnsQuestion, DnsAnswer> All)
{
    /// <summary>Nothing was asked.</summary>
    public static DnsAnswers None { get; } = new(ImmutableDictionary<DnsQuestion, DnsAnswer>.Empty);

    /// <summary>The answer to a question; <see cref="DnsAnswer.Nothing"/> when it was not asked.</summary>
    public DnsAnswer this[string name, DnsKind kind] => All.GetValueOrDefault(new DnsQuestion(name, kind)) ?? DnsAnswer.Nothing;

    /// <summary>The addresses of a name, both families; an address is its own. Null when nobody could say.</summary>
    public ImmutableArray<IPAddress>? AddressesOf(string host)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        var (a, aaaa) = (this[host, DnsKind.A], this[host, DnsKind.Aaaa]);
        return a.Answered || aaaa.Answered ? [.. a.Values.Concat(aaaa.Values).Select(IPAddress.Parse)] : null;
    }
}

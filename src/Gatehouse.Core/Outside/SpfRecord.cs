using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Outside;

/// <summary>What a domain's SPF record (RFC 7208) says about a host, as far as it can be said without following it into other
/// domains.</summary>
public static class SpfRecord
{
    /// <summary>The SPF record among a domain's texts; null when there is none.</summary>
    public static string? Among(IEnumerable<string> texts) =>
        texts.FirstOrDefault(t =>
            t.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || t.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>Whether the record allows an address; null when only other records can tell (<c>include</c>, <c>redirect</c>,
    /// <c>exists</c>, macros).</summary>
    /// <param name="record">The record.</param>
    /// <param name="domain">Its domain.</param>
    /// <param name="address">The address that mail leaves from.</param>
    /// <param name="dns">What is known of the names in it.</param>
    public static bool? Allows(string record, string domain, IPAddress address, DnsAnswers dns)
    {
        var unknown = false;
        foreach (var term in record.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(t => t.ToLowerInvariant()))
        {
            var mechanism = term.TrimStart('+');
            // "-", "~" and "?" in front say that what matches is not allowed.
            if (term[0] is '-' or '~' or '?')
                continue;
            var (name, value) = Split(mechanism);
            var host = value.Length > 0 ? value.Split('/')[0] : domain;
            switch (name)
            {
                case "all":
                    return true;
                case "ip4" or "ip6" when Addresses.TryParseNetwork(value, out var network, out _) && network.Contains(address):
                    return true;
                case "ip4" or "ip6":
                    break;
                case "a" when !host.Contains('%', StringComparison.Ordinal) && dns.AddressesOf(host) is { } addresses:
                    if (addresses.Contains(address))
                        return true;
                    break;
                case "mx" when !host.Contains('%', StringComparison.Ordinal) && dns[host, DnsKind.Mx] is { Answered: true } mx:
                    if (mx.Values.SelectMany(m => dns.AddressesOf(m) ?? []).Contains(address))
                        return true;
                    break;
                case "a" or "mx" or "include" or "exists" or "ptr" or "redirect":
                    unknown = true;
                    break;
                default:
                    break;
            }
        }

        return unknown ? null : false;
    }

    private static (string Name, string Value) Split(string mechanism)
    {
        var end = mechanism.IndexOfAny([':', '=', '/']);
        return end < 0 ? (mechanism, "") : (mechanism[..end], mechanism[end] == '/' ? "" : mechanism[(end + 1)..]);
    }
}

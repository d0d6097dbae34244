using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Outside;

/// <summary>What to ask the name servers about a gateway. Names in answers lead to further questions, so it is asked in two
/// rounds.</summary>
public static class OutsideQuestions
{
    /// <summary>Of many domains, these many are looked at: a look around takes seconds, not minutes.</summary>
    public const int MostDomains = 20;

    /// <summary>The name that other mail servers know this host by.</summary>
    public static string NameOf(GatewaySettings settings) => settings.Mta?.HostName ?? settings.System.Name;

    /// <summary>The domains that are looked at.</summary>
    public static ImmutableArray<MailDomain> Domains(GatewaySettings settings) => [.. (settings.Mta?.Domains ?? []).Take(MostDomains)];

    /// <summary>Domains whose mail leaves through this gateway, so that their SPF records should allow it.</summary>
    public static ImmutableArray<string> Sending(GatewaySettings settings) =>
        settings.Mta is { SmartHost: null, RelayNetworks.IsEmpty: false } ? [.. Domains(settings).Select(d => d.Domain)] : [];

    /// <summary>Domains whose mail is signed.</summary>
    public static ImmutableArray<string> Signing(GatewaySettings settings) => [.. (settings.Mta?.DkimDomains ?? []).Take(MostDomains)];

    /// <summary>The name of a domain's DKIM record.</summary>
    public static string DkimName(GatewaySettings settings, string domain) => $"{settings.Mta!.DkimSelector}._domainkey.{domain}";

    /// <summary>The domain of the postmaster, when it is none of this gateway's.</summary>
    public static string? ForeignDomain(GatewaySettings settings) =>
        settings.Mta is { } mta
        && mta.Postmaster[(mta.Postmaster.LastIndexOf('@') + 1)..] is var domain
        && mta.Domains.All(d => d.Domain != domain)
            ? domain
            : null;

    /// <summary>The first round.</summary>
    public static IEnumerable<DnsQuestion> First(GatewaySettings settings)
    {
        IEnumerable<DnsQuestion> all =
        [
            .. Addresses(NameOf(settings)),
            .. settings.Web is { } web ? Addresses(web.HostName) : [],
            .. Domains(settings).Select(d => new DnsQuestion(d.Domain, DnsKind.Mx)),
            .. Domains(settings).SelectMany(d => Addresses(d.Destination.Host)),
            .. Sending(settings).Select(d => new DnsQuestion(d, DnsKind.Txt)),
            .. Signing(settings).Select(d => new DnsQuestion(DkimName(settings, d), DnsKind.Txt)),
            .. settings.Mta?.SmartHost is { } smart ? Addresses(smart.Host) : [],
            .. ForeignDomain(settings) is { } foreign ? [new DnsQuestion(foreign, DnsKind.Mx)] : Array.Empty<DnsQuestion>(),
            new(settings.System.Address.ToString(), DnsKind.Reverse),
        ];
        return all.Distinct();
    }

    /// <summary>The second round: the names and addresses that the first one gave.</summary>
    public static IEnumerable<DnsQuestion> Second(GatewaySettings settings, DnsAnswers answers)
    {
        IEnumerable<string> hosts =
        [
            .. Domains(settings).SelectMany(d => answers[d.Domain, DnsKind.Mx].Values),
            .. ForeignDomain(settings) is { } foreign ? answers[foreign, DnsKind.Mx].Values.Take(2) : [],
        ];
        IEnumerable<DnsQuestion> all =
        [
            .. hosts.SelectMany(Addresses),
            .. (answers.AddressesOf(NameOf(settings)) ?? []).Select(a => new DnsQuestion(a.ToString(), DnsKind.Reverse)),
        ];
        return all.Distinct().Where(q => !answers.All.ContainsKey(q));
    }

    private static IEnumerable<DnsQuestion> Addresses(string host) =>
        IPAddress.TryParse(host, out _) ? [] : [new DnsQuestion(host, DnsKind.A), new DnsQuestion(host, DnsKind.Aaaa)];
}

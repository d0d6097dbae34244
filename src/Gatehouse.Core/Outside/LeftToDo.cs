using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Outside;

/// <summary>One thing that an administrator does, or knows, after a gateway was set up.</summary>
/// <param name="Id">A stable name, such as <c>mx</c>.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="IsDone">Whether it is done, as far as DNS shows; null when that was not, or cannot be, looked at.</param>
/// <param name="Text">A sentence, or a DNS record to publish.</param>
public sealed record OutsideTask(string Id, string Subject, bool? IsDone, string Text)
{
    /// <summary>Whether the text is a record for DNS.</summary>
    public bool IsRecord { get; init; }
}

/// <summary>What is left to do outside a gateway before mail flows: for <c>gatehouse next</c>, the end of an apply and the wizard's last
/// page.</summary>
public static class LeftToDo
{
    /// <summary>All of it, done or not.</summary>
    /// <param name="settings">The gateway.</param>
    /// <param name="view">What a look around found.</param>
    /// <param name="dkimFile">The file with the DKIM records; empty when there is none.</param>
    public static IEnumerable<OutsideTask> Of(GatewaySettings settings, OutsideView view, string dkimFile)
    {
        if (settings.Web is { } web)
        {
            yield return new("web", web.HostName, null, $"Management web: https://{web.HostName}/ as '{web.Administrator}'.");
            if (web.Password.Source == PasswordSource.Generate)
                yield return new(
                    "password",
                    web.Administrator,
                    null,
                    "The password of the management web was generated: /etc/gatehouse/secrets/web-password (root only)."
                );
        }

        if (settings.Mta is null)
            yield break;
        var name = OutsideQuestions.NameOf(settings);
        var named = view.Dns.AddressesOf(name);
        yield return Record("address", name, named is null ? null : !named.Value.IsEmpty, AddressRecord(name, settings.System.Address));
        foreach (var address in OutsideRules.Public(settings, view))
            yield return Record(
                "ptr",
                $"{address}",
                OutsideRules.NamedBack(address, settings, view),
                $"{ReverseName(address)}. IN PTR {name}."
            );
        foreach (var domain in OutsideQuestions.Domains(settings).Select(d => d.Domain))
            yield return Record("mx", domain, OutsideRules.MxLeadsHere(domain, settings, view), MxRecord(domain, settings));
        foreach (var domain in OutsideQuestions.Sending(settings))
            yield return Record("spf", domain, OutsideRules.SpfAllows(domain, settings, view), SpfRecordFor(domain, settings, view));
        foreach (var domain in OutsideQuestions.Signing(settings))
            if (DkimRecord.LineOf(dkimFile, OutsideQuestions.DkimName(settings, domain)) is { } line)
                yield return Record("dkim", domain, OutsideRules.DkimPublished(domain, settings, view), line);
        if (view is { Network: true, Outward: null })
            yield return new(
                "outward",
                "25",
                null,
                "Outgoing TCP port 25 could not be tested, because no external mail server is known here. Send a message to "
                    + "an external address, and check 'gatehouse queue list'."
            );
        if (settings.Mta.Domains.Length > OutsideQuestions.MostDomains)
            yield return new(
                "more-domains",
                "",
                null,
                $"Only the first {OutsideQuestions.MostDomains} of {settings.Mta.Domains.Length} domains are shown; the others need the "
                    + $"same records."
            );
    }

    /// <summary>An address record.</summary>
    public static string AddressRecord(string name, IPAddress address) =>
        $"{name}. IN {(address.AddressFamily == AddressFamily.InterNetwork ? "A" : "AAAA")} {address}";

    /// <summary>The MX record that leads here.</summary>
    public static string MxRecord(string domain, GatewaySettings settings) => $"{domain}. IN MX 10 {OutsideQuestions.NameOf(settings)}.";

    /// <summary>An SPF record that allows this host: the present one with the host added, or a new one.</summary>
    public static string SpfRecordFor(string domain, GatewaySettings settings, OutsideView view)
    {
        var present = SpfRecord.Among(view.Dns[domain, DnsKind.Txt].Values);
        if (present is not null && OutsideRules.SpfAllows(domain, settings, view) != false)
            return $"{domain}. IN TXT \"{present}\"";
        var hosts = string.Join(
            ' ',
            OutsideRules.Public(settings, view).Select(a => $"{(a.AddressFamily == AddressFamily.InterNetwork ? "ip4" : "ip6")}:{a}")
        );
        return $"{domain}. IN TXT \"v=spf1 {hosts} {(present is null ? "mx ~all" : present[6..].Trim())}\"";
    }

    /// <summary>The name of an address's reverse record.</summary>
    public static string ReverseName(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? string.Join('.', bytes.AsEnumerable().Reverse()) + ".in-addr.arpa"
            : string.Join(
                '.',
                bytes
                    .AsEnumerable()
                    .Reverse()
                    .SelectMany(b => new[] { b & 15, b >> 4 })
                    .Select(n => n.ToString("x", System.Globalization.CultureInfo.InvariantCulture))
            ) + ".ip6.arpa";
    }

    private static OutsideTask Record(string id, string subject, bool? done, string text) =>
        new(id, subject, done, text) { IsRecord = true };
}

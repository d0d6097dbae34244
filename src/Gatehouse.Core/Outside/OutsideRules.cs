using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Outside;

/// <summary>Judges what a look around a gateway found. A rule says nothing about what was not looked at.</summary>
public static class OutsideRules
{
    private const long Gigabyte = 1L << 30;
    private const long LeastFree = 1 * Gigabyte;

    // ClamAV holds its signatures in about 1.2 GB and needs as much again while it loads new ones; the rest needs half a GB.
    private const long LeastMemory = 1800L << 20;
    private static readonly TimeSpan SignaturesOld = TimeSpan.FromDays(3);
    private static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(21);
    private static readonly ImmutableArray<Func<GatewaySettings, OutsideView, IEnumerable<OutsideWarning>>> All =
    [
        Address,
        Ssh,
        Clock,
        Memory,
        Disk,
        Signatures,
        Certificates,
        NameServers,
        Name,
        Reverse,
        Mx,
        Spf,
        Dkim,
        Loops,
        Destinations,
        Outward,
    ];

    /// <summary>Everything that is wrong outside, in the order of its weight for a new gateway.</summary>
    public static ImmutableArray<OutsideWarning> Judge(GatewaySettings settings, OutsideView view) =>
        [.. All.SelectMany(rule => rule(settings, view))];

    /// <summary>The addresses that lead to this gateway: its own, those its name has, and those of the cluster it is part of.</summary>
    public static ImmutableHashSet<IPAddress> Here(GatewaySettings settings, OutsideView view) =>
        [
            settings.System.Address,
            .. view.Addresses,
            .. view.Dns.AddressesOf(OutsideQuestions.NameOf(settings)) ?? [],
            .. settings.Addresses.Bindings.Select(b => b.Address),
            .. settings.Cluster.Peers.Select(p => p.Address),
            .. settings.Mta?.LoadBalancers ?? [],
        ];

    /// <summary>Whether a mail host's name leads here; null when nobody could say.</summary>
    public static bool? LeadsHere(string host, GatewaySettings settings, OutsideView view) =>
        host == OutsideQuestions.NameOf(settings) ? true
        : view.Dns.AddressesOf(host) is { } addresses ? addresses.Any(Here(settings, view).Contains)
        : null;

    /// <summary>Whether the MX records of a domain lead here; null when nobody could say.</summary>
    public static bool? MxLeadsHere(string domain, GatewaySettings settings, OutsideView view)
    {
        if (view.Dns[domain, DnsKind.Mx] is not { Answered: true } mx)
            return null;
        var each = mx.Values.Select(h => LeadsHere(h, settings, view)).ToArray();
        return each.Contains(true) ? true
            : each.Contains(null) ? null
            : false;
    }

    /// <summary>Whether an address's name is this gateway's; null when nobody could say.</summary>
    public static bool? NamedBack(IPAddress address, GatewaySettings settings, OutsideView view) =>
        view.Dns[address.ToString(), DnsKind.Reverse] is { Answered: true } ptr
            ? ptr.Values.Contains(OutsideQuestions.NameOf(settings)) || ptr.Values.Contains(settings.System.Name)
            : null;

    /// <summary>Whether a domain's SPF record allows this host; null when nobody could say.</summary>
    public static bool? SpfAllows(string domain, GatewaySettings settings, OutsideView view)
    {
        if (view.Dns[domain, DnsKind.Txt] is not { Answered: true } texts)
            return null;
        if (SpfRecord.Among(texts.Values) is not { } record)
            return false;
        var each = Public(settings, view).Select(a => SpfRecord.Allows(record, domain, a, view.Dns)).ToArray();
        return each.Contains(true) ? true
            : each.Contains(null) ? null
            : false;
    }

    /// <summary>Whether a domain's DKIM record has this host's key; null when nobody could say.</summary>
    public static bool? DkimPublished(string domain, GatewaySettings settings, OutsideView view) =>
        view.DkimKey.Length > 0 && view.Dns[OutsideQuestions.DkimName(settings, domain), DnsKind.Txt] is { Answered: true } texts
            ? texts.Values.Any(t => DkimRecord.KeyOf(t) == view.DkimKey)
            : null;

    /// <summary>The addresses that the world sees this host at: those of its name, which may be those of a router in front.</summary>
    public static ImmutableArray<IPAddress> Public(GatewaySettings settings, OutsideView view) =>
        view.Dns.AddressesOf(OutsideQuestions.NameOf(settings)) is { IsEmpty: false } named ? named : [settings.System.Address];

    private static IEnumerable<OutsideWarning> Address(GatewaySettings s, OutsideView v)
    {
        if (!v.Addresses.IsEmpty && !v.Addresses.Contains(s.System.Address))
            yield return new(
                "address-absent",
                $"{s.System.Address}",
                $"No network interface of this host has the address {s.System.Address} (system.address); it has "
                    + $"{string.Join(", ", v.Addresses)}.",
                "Behind address translation, this is correct if the router forwards port 25; otherwise correct "
                    + "system.address, or assign this address to an interface."
            );
    }

    private static IEnumerable<OutsideWarning> Ssh(GatewaySettings s, OutsideView v)
    {
        if (!v.SshPorts.IsEmpty && !v.SshPorts.Contains(s.System.SshPort))
            yield return new(
                "ssh-port-closed",
                $"{s.System.SshPort}",
                $"The firewall opens SSH port {s.System.SshPort}, but sshd listens on {string.Join(" and ", v.SshPorts)}: SSH is "
                    + $"unreachable.",
                $"Set system.ssh_port to {v.SshPorts[0]}, or change sshd."
            );
    }

    private static IEnumerable<OutsideWarning> Clock(GatewaySettings s, OutsideView v)
    {
        if (v is { IsSetUp: true, ClockSynchronised: false })
            yield return new(
                "clock-unsynchronised",
                string.Join(", ", s.System.NtpServers),
                $"No time server has synchronised the clock yet ({string.Join(", ", s.System.NtpServers)}).",
                "Check 'chronyc sources'; allow outgoing UDP port 123, or set system.ntp_servers to servers that this host can reach."
            );
    }

    private static IEnumerable<OutsideWarning> Memory(GatewaySettings s, OutsideView v)
    {
        if (s.Scanner is { VirusScanner: true } && v.MemoryBytes is > 0 and < LeastMemory)
            yield return new(
                "memory-small",
                "ClamAV",
                $"This host has {v.MemoryBytes >> 20} MB of memory; ClamAV alone needs about 1.5 GB once its signatures are loaded.",
                "Give the host at least 2 GB, or set scanner.virus_scanner to \"off\"."
            );
    }

    private static IEnumerable<OutsideWarning> Disk(GatewaySettings s, OutsideView v)
    {
        foreach (var (place, free) in v.Free.Where(f => f.Value < LeastFree))
            yield return new(
                "disk-small",
                place,
                $"The file system of {place} has only {free >> 20} MB free; signatures, queue and quarantine need at least "
                    + $"{LeastFree >> 20} MB.",
                "Free some space, or enlarge the file system."
            );
    }

    private static IEnumerable<OutsideWarning> Signatures(GatewaySettings s, OutsideView v)
    {
        if (s.Scanner is not { VirusScanner: true } || !v.IsSetUp)
            yield break;
        const string remedy = "Check 'journalctl -u clamav-freshclam'; it downloads them from database.clamav.net over HTTPS.";
        if (v.Signatures is not { } made)
            yield return new(
                "signatures-absent",
                "ClamAV",
                "ClamAV only has the test virus signature so far: it finds no real virus.",
                remedy
            );
        else if (v.Now - made > SignaturesOld)
            yield return new("signatures-old", "ClamAV", $"The virus signatures are {(v.Now - made).Days} days old.", remedy);
    }

    private static IEnumerable<OutsideWarning> Certificates(GatewaySettings s, OutsideView v) =>
        from certificate in v.Certificates
        where certificate.Until - v.Now < ExpiresSoon
        select new OutsideWarning(
            "certificate-expires",
            certificate.File,
            certificate.Until < v.Now
                ? $"The certificate {certificate.File} expired on {certificate.Until:yyyy-MM-dd}."
                : $"The certificate {certificate.File} expires on {certificate.Until:yyyy-MM-dd}.",
            "Run 'gatehouse apply': it renews a self-signed certificate and installs a new one that you provide."
        );

    // With none that answers, one sentence instead of one for every record that could not be looked up.
    private static IEnumerable<OutsideWarning> NameServers(GatewaySettings s, OutsideView v)
    {
        if (v.SilentResolvers.IsEmpty)
            yield break;
        var silent = string.Join(", ", v.SilentResolvers);
        yield return v.Dns.All.IsEmpty
            ? new(
                "dns-silent",
                silent,
                $"No name server answers ({silent}), so no DNS record could be checked.",
                "Mail needs DNS: correct system.resolvers, or allow outgoing UDP and TCP port 53."
            )
            : new(
                "name-server-silent",
                silent,
                $"Of the name servers, {silent} {(v.SilentResolvers.Length == 1 ? "does" : "do")} not answer: DNS lookups are delayed.",
                "Start it, or remove it from system.resolvers."
            );
    }

    private static IEnumerable<OutsideWarning> Name(GatewaySettings s, OutsideView v)
    {
        var name = OutsideQuestions.NameOf(s);
        if (v.Dns.AddressesOf(name) is not { } addresses)
            yield break;
        if (addresses.IsEmpty)
            yield return new(
                "name-without-address",
                name,
                $"{name} has no address record in DNS.",
                $"Publish '{LeftToDo.AddressRecord(name, s.System.Address)}'; many mail servers reject a host whose name does not resolve."
            );
        else if (!addresses.Contains(s.System.Address) && !addresses.Any(v.Addresses.Contains))
            yield return new(
                "name-elsewhere",
                name,
                $"{name} resolves to {string.Join(", ", addresses)}, which is not an address of this host.",
                "Correct the address record, unless that is the address of a router or load balancer in front of this host."
            );
    }

    private static IEnumerable<OutsideWarning> Reverse(GatewaySettings s, OutsideView v)
    {
        if (s.Mta is null)
            yield break;
        foreach (var address in Public(s, v).Where(a => NamedBack(a, s, v) == false))
        {
            var names = v.Dns[address.ToString(), DnsKind.Reverse].Values;
            yield return new(
                names.IsEmpty ? "reverse-missing" : "reverse-other",
                $"{address}",
                names.IsEmpty
                    ? $"{address} has no reverse record (PTR) in DNS."
                    : $"The reverse record (PTR) of {address} is {string.Join(", ", names)}, not {OutsideQuestions.NameOf(s)}.",
                "Ask the provider of the address to set the record to this name; many mail servers reject mail without it."
            );
        }
    }

    private static IEnumerable<OutsideWarning> Mx(GatewaySettings s, OutsideView v)
    {
        foreach (var domain in OutsideQuestions.Domains(s).Select(d => d.Domain).Where(d => MxLeadsHere(d, s, v) == false))
        {
            var hosts = v.Dns[domain, DnsKind.Mx].Values;
            yield return new(
                hosts.IsEmpty ? "mx-missing" : "mx-elsewhere",
                domain,
                hosts.IsEmpty
                    ? $"{domain} has no MX record."
                    : $"The MX records of {domain} point to {string.Join(", ", hosts)}, not to this gateway.",
                $"Publish '{LeftToDo.MxRecord(domain, s)}' if this gateway should receive its mail."
            );
        }
    }

    private static IEnumerable<OutsideWarning> Spf(GatewaySettings s, OutsideView v)
    {
        foreach (var domain in OutsideQuestions.Sending(s).Where(d => SpfAllows(d, s, v) == false))
        {
            var record = SpfRecord.Among(v.Dns[domain, DnsKind.Txt].Values);
            yield return new(
                record is null ? "spf-missing" : "spf-other",
                domain,
                record is null
                    ? $"{domain} has no SPF record."
                    : $"The SPF record of {domain} does not allow this host to send its mail ({record}).",
                $"{(record is null ? "Publish" : "Make it")} '{LeftToDo.SpfRecordFor(domain, s, v)}'."
            );
        }
    }

    private static IEnumerable<OutsideWarning> Dkim(GatewaySettings s, OutsideView v)
    {
        foreach (var domain in OutsideQuestions.Signing(s).Where(d => DkimPublished(d, s, v) == false))
        {
            var name = OutsideQuestions.DkimName(s, domain);
            var some = v.Dns[name, DnsKind.Txt].Values.Any(t => DkimRecord.KeyOf(t).Length > 0);
            yield return new(
                some ? "dkim-other" : "dkim-missing",
                domain,
                some
                    ? $"The DKIM record {name} contains a different key from the one this host signs with: receivers reject the signatures."
                    : $"The DKIM record {name} is missing: signatures for {domain} cannot be verified.",
                "Publish the record that 'gatehouse next' shows."
            );
        }
    }

    // By address the answers are refused already; a name shows where it leads only here, and so does an address that system.address is not.
    private static IEnumerable<OutsideWarning> Loops(GatewaySettings s, OutsideView v)
    {
        if (s.Mta is not { } mta)
            yield break;
        foreach (var domain in OutsideQuestions.Domains(s).Where(d => IsOwn(d.Destination.Host, d.Destination.Port, s, v)))
            yield return new(
                "destination-here",
                domain.Domain,
                $"The destination of {domain.Domain}, {domain.Destination}, is this host itself: its mail would loop.",
                "Set the destination to the mail host that has the mailboxes."
            );
        if (mta.SmartHost is { } smart && IsOwn(smart.Host, smart.Port, s, v))
            yield return new(
                "smart-host-here",
                $"{smart}",
                $"The smart host {smart} is this host itself: outgoing mail would loop.",
                "Set mta.smart_host to the host that relays mail, or leave it empty."
            );
    }

    private static bool IsOwn(string host, int port, GatewaySettings s, OutsideView v)
    {
        if (port != 25 && !s.Mta!.SubmissionPorts.Contains(port))
            return false;
        ImmutableHashSet<IPAddress> own = [s.System.Address, .. v.Addresses, .. s.Addresses.Bindings.Select(b => b.Address)];
        return IPAddress.TryParse(host, out var address) ? own.Contains(address) : (v.Dns.AddressesOf(host) ?? []).Any(own.Contains);
    }

    private static IEnumerable<OutsideWarning> Destinations(GatewaySettings s, OutsideView v) =>
        from look in v.Destinations
        where look.Code is not (>= 200 and < 300)
        select look.Code == 0
            ? new OutsideWarning(
                "destination-unreachable",
                look.Domain,
                $"The destination of {look.Domain}, {look.Destination}, could not be reached: {look.Words}.",
                "Start it, or allow this host to connect to it; until then, its mail waits in the queue."
            )
            : new OutsideWarning(
                "destination-refuses",
                look.Domain,
                $"The destination of {look.Domain}, {look.Destination}, does not accept mail for postmaster@{look.Domain} from this host: "
                    + $"{look.Words}",
                "Configure it to accept the domain and this host's address; every domain needs a postmaster (RFC 5321)."
            );

    private static IEnumerable<OutsideWarning> Outward(GatewaySettings s, OutsideView v)
    {
        if (v.Outward is { Problem.Length: > 0 } look)
            yield return new(
                "port-25-closed",
                look.Target,
                $"Outgoing mail is blocked: {look.Target} could not be reached ({look.Problem}).",
                "Allow outgoing TCP port 25 (many providers open it only on request), or set mta.smart_host."
            );
    }
}

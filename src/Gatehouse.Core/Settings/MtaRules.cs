using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about mail transfer.</summary>
internal static class MtaRules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        new("no domain is delivered to this node itself", NoLoop),
        new("outgoing mail is not sent to this node itself", SmartHostElsewhere),
        new("the postmaster is reachable elsewhere", PostmasterElsewhere),
        new("a smart host user has a password that can be sent", SmartHostLogin),
        new("there is mail to accept", SomethingToDo),
    ];

    private static void NoLoop(ValueSet v, Inputs inputs, Report report)
    {
        var own = new OwnHost(v, inputs);
        foreach (var row in v.Rows("mta.domains"))
        {
            var domain = (string)row.Values["domain"];
            if (own.IsName(domain))
                report.Error(
                    "domain-is-host",
                    "mta.domains",
                    $"'{domain}' is this gateway's own name; list the domains for which it accepts mail.",
                    row.Origin
                );
            if (Unusable((HostPort)row.Values["destination"], own) is { } why)
                report.Error(
                    why.Code,
                    "mta.domains",
                    $"mail for '{domain}' would be sent to {row.Values["destination"]}, which is {why.Words}; name the mail "
                        + "host that has the mailboxes.",
                    row.Origin
                );
        }
    }

    private static void SmartHostElsewhere(ValueSet v, Inputs inputs, Report report)
    {
        if (v.TryGet<HostPort>("mta.smart_host", out var host) && Unusable(host, new OwnHost(v, inputs)) is { } why)
            report.Error(
                why.Code,
                "mta.smart_host",
                $"outgoing mail would be sent to {host}, which is {why.Words}; name another mail server, or leave it empty "
                    + "to deliver directly.",
                v.OriginOf("mta.smart_host")
            );
    }

    private static (string Code, string Words)? Unusable(HostPort host, OwnHost own) =>
        own.Is(host.Host) ? ("mail-loop", "this gateway itself")
        : IPAddress.TryParse(host.Host, out var address) && AddressUse.WhyNoHost(address) is { } why ? ("destination-unusable", why)
        : null;

    private static void PostmasterElsewhere(ValueSet v, Inputs inputs, Report report)
    {
        if (v.TryGet<string>("mta.postmaster", out var address) && new OwnHost(v, inputs).IsName(address[(address.LastIndexOf('@') + 1)..]))
            report.Error(
                "postmaster-loop",
                "mta.postmaster",
                $"{address} is an address at this gateway, which has no mailboxes; use an address on another system that somebody reads.",
                v.OriginOf("mta.postmaster")
            );
    }

    private static void SmartHostLogin(ValueSet v, Inputs inputs, Report report)
    {
        var hasUser = v.TryGet<string>("mta.smart_host_user", out _);
        var hasPassword = v.TryGet<Password>("mta.smart_host_password", out var password);
        // One that was given and refused has its finding already.
        if (hasUser && !hasPassword && !v.IsRefused("mta.smart_host_password"))
            report.Error(
                "missing",
                "mta.smart_host_password",
                "a smart host user needs a password (mta.smart_host_password).",
                v.OriginOf("mta.smart_host_user")
            );
        if (hasPassword && password.Source is PasswordSource.Hash or PasswordSource.Generate)
            report.Error(
                "password-unusable",
                "mta.smart_host_password",
                "the smart host needs the password itself, not a hash; give it as {file: PATH}, {env: NAME} or {prompt: true}.",
                v.OriginOf("mta.smart_host_password")
            );
    }

    private static void SomethingToDo(ValueSet v, Inputs inputs, Report report)
    {
        if (v.TryGet<ImmutableArray<Row>>("mta.domains", out var rows) && rows.IsEmpty && v.List<IPNetwork>("mta.relay_networks").IsEmpty)
            report.Warn("no-mail", "mta.domains", "no domain and no relay network is configured, so the gateway accepts no mail.");
    }
}

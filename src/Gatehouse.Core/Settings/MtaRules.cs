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
        new("the postmaster is reachable elsewhere", PostmasterElsewhere),
        new("a smart host user has a password that can be sent", SmartHostLogin),
        new("there is mail to take", SomethingToDo),
    ];

    private static void NoLoop(ValueSet v, Inputs inputs, Report report)
    {
        v.TryGet<IPAddress>("system.address", out var address);
        var own = OwnNames(v);
        foreach (var row in v.Rows("mta.domains"))
        {
            var destination = (HostPort)row.Values["destination"];
            if (own.Contains((string)row.Values["domain"]))
                report.Error("domain-is-host", "mta.domains", $"'{row.Values["domain"]}' is this gateway's own name; list the domains behind it.", row.Origin);
            if (own.Contains(destination.Host) || destination.Host == address?.ToString() || destination.Host is "localhost" || (IPAddress.TryParse(destination.Host, out var ip) && IPAddress.IsLoopback(ip)))
                report.Error("mail-loop", "mta.domains", $"mail for '{row.Values["domain"]}' would be sent to {destination}, which is this gateway itself; name the mail host behind it.", row.Origin);
        }
    }

    private static void PostmasterElsewhere(ValueSet v, Inputs inputs, Report report)
    {
        if (v.TryGet<string>("mta.postmaster", out var address) && OwnNames(v).Contains(address[(address.IndexOf('@', StringComparison.Ordinal) + 1)..]))
            report.Error("postmaster-loop", "mta.postmaster", $"{address} is an address at this gateway, which has no mailboxes; name one that somebody reads.", v.OriginOf("mta.postmaster"));
    }

    private static void SmartHostLogin(ValueSet v, Inputs inputs, Report report)
    {
        var hasUser = v.TryGet<string>("mta.smart_host_user", out _);
        var hasPassword = v.TryGet<Password>("mta.smart_host_password", out var password);
        // One that was given and refused has its finding already.
        if (hasUser && !hasPassword && !v.IsRefused("mta.smart_host_password"))
            report.Error("missing", "mta.smart_host_password", "a smart host user needs a password (mta.smart_host_password).", v.OriginOf("mta.smart_host_user"));
        if (hasPassword && password.Source is PasswordSource.Hash or PasswordSource.Generate)
            report.Error("password-unusable", "mta.smart_host_password", "the smart host must be told the password itself; give it as {file: PATH}, {env: NAME} or {prompt: true}.", v.OriginOf("mta.smart_host_password"));
    }

    private static void SomethingToDo(ValueSet v, Inputs inputs, Report report)
    {
        if (v.TryGet<ImmutableArray<Row>>("mta.domains", out var rows) && rows.IsEmpty && v.List<IPNetwork>("mta.relay_networks").IsEmpty)
            report.Warn("no-mail", "mta.domains", "no domain and no relay network is given: the gateway will take no mail.");
    }

    private static HashSet<string> OwnNames(ValueSet v)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (v.TryGet<string>("system.name", out var name)) names.Add(name);
        if (v.TryGet<string>("mta.host_name", out var host)) names.Add(host);
        return names;
    }
}

using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about the balancers of a cluster.</summary>
internal static class BalancerRules
{
    public static ImmutableArray<Rule> All { get; } =
    [new("a balancer is a member whose ports are free", PortsAreFree), new("every balanced port has a listener", PortsAreServed)];

    /// <summary>The members by name, this node among them, as far as they are known.</summary>
    public static Dictionary<string, (Profile Profile, IPAddress Address)> MembersOf(ValueSet v)
    {
        var members = new Dictionary<string, (Profile, IPAddress)>(StringComparer.Ordinal);
        // One that is given twice has a finding already.
        foreach (var row in v.Rows("cluster.peers"))
            members[(string)row.Values["name"]] = (Profile.Find((string)row.Values["profile"])!, (IPAddress)row.Values["address"]);
        if (
            v.Profile is { Clustered: true } profile
            && v.TryGet<string>("system.name", out var name)
            && v.TryGet<IPAddress>("system.address", out var address)
        )
            members[name] = (profile, address);
        return members;
    }

    // Who is no member is told of, not refused: it may be on its way in, and one that was removed must not hold everybody up.
    private static void PortsAreFree(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true })
            return;
        var members = MembersOf(v);
        foreach (var name in v.List<string>("balancer.nodes"))
        {
            if (!members.TryGetValue(name, out var member))
                report.Warn(
                    "not-a-member",
                    "balancer.nodes",
                    $"{name} is not a member of the cluster (yet); it balances as soon as it joins.{Nearest.Hint(name, [.. members.Keys])}",
                    v.OriginOf("balancer.nodes")
                );
            else if (member.Profile.Has("mail") || member.Profile.Has("web"))
                report.Error(
                    "ports-taken",
                    "balancer.nodes",
                    $"{name} is a '{member.Profile.Name}' node: Exim and nginx already use the balancer's ports there. "
                        + "Choose a node without mail and web, such as one with profile 'balancer'.",
                    v.OriginOf("balancer.nodes")
                );
        }
    }

    private static void PortsAreServed(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true } profile || !profile.Has("mail"))
            return;
        foreach (
            var port in v.List<string>("balancer.ports").Where(p => p is "587" or "465").Except(v.List<string>("mta.submission_ports"))
        )
            report.Error(
                "port-not-served",
                "balancer.ports",
                $"port {port} is balanced but not in mta.submission_ports, so nothing listens on it.",
                v.OriginOf("balancer.ports")
            );
    }
}

using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about the node itself.</summary>
internal static class SystemRules
{
    // HOST_NAME_MAX of Linux, and MAXNS of resolv.conf(5).
    private const int LongestHostName = 64;
    private const int MostResolvers = 3;

    public static ImmutableArray<Rule> All { get; } =
    [
        new("the host name is unique and valid on Linux", NameUsable),
        new("the firewall opens the port that sshd listens on", SshReachable),
        new("the name servers can be queried", ResolversUsable),
        new("other hosts can reach the node's address", AddressUsable),
    ];

    private static void AddressUsable(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<IPAddress>("system.address", out var address))
            return;
        if (AddressUse.WhyNoHost(address) is { } why)
            report.Error(
                "address-unusable",
                "system.address",
                $"{address} is {why}; other hosts cannot reach this host there.",
                v.OriginOf("system.address")
            );
    }

    private static void NameUsable(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<string>("system.name", out var name))
            return;
        var labels = name.Split('.');
        if (name.Length > LongestHostName)
            report.Error(
                "name-too-long",
                "system.name",
                $"'{name}' has {name.Length} characters; Linux allows at most {LongestHostName} in a host name.",
                v.OriginOf("system.name")
            );
        if (labels[0] == "localhost" || labels[^1] is "localhost" or "localdomain")
            report.Error(
                "name-is-localhost",
                "system.name",
                $"'{name}' means \"this host\" on every host; use a unique name, such as mx1.example.org.",
                v.OriginOf("system.name")
            );
    }

    // An SSH session has the session guard; at a console or from cloud-init nobody would notice before the next login.
    private static void SshReachable(ValueSet v, Inputs inputs, Report report)
    {
        if (
            !v.TryGet<int>("system.ssh_port", out var port)
            || inputs.Facts.SshPorts is not { IsEmpty: false } ports
            || ports.Contains(port)
            || !new OwnHost(v, inputs).IsHere
        )
            return;
        report.Warn(
            "ssh-port-closed",
            "system.ssh_port",
            $"sshd listens on port {string.Join(" and ", ports)} of this host, but the firewall will open {port} only: SSH "
                + $"will be unreachable. Use {ports[0]}, or change the port of sshd first.",
            v.OriginOf("system.ssh_port")
        );
    }

    private static void ResolversUsable(ValueSet v, Inputs inputs, Report report)
    {
        var resolvers = v.List<IPAddress>("system.resolvers");
        foreach (var resolver in resolvers.Where(r => !IPAddress.IsLoopback(r)))
            if (AddressUse.WhyNoHost(resolver) is { } why)
                report.Error(
                    "resolver-unusable",
                    "system.resolvers",
                    $"{resolver} is {why}; write the address of a name server.",
                    v.OriginOf("system.resolvers")
                );
        if (resolvers.Length > MostResolvers)
            report.Warn(
                "resolvers-ignored",
                "system.resolvers",
                $"only the first {MostResolvers} of {resolvers.Length} name servers are used: the system's resolver supports "
                    + "no more than that.",
                v.OriginOf("system.resolvers")
            );
    }
}

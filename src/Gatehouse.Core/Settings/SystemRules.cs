using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about the node itself.</summary>
internal static class SystemRules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        new("the profile is one this version can set up", ProfileSupported),
        new("the node's address is one others can reach", AddressUsable),
    ];

    private static void ProfileSupported(ValueSet v, Inputs inputs, Report report)
    {
        if (v.TryGet<string>("system.profile", out var profile) && !Profile.Supported.Contains(profile))
            report.Error("profile-unsupported", "system.profile", $"this version sets up {string.Join(", ", Profile.Supported)}; what '{profile}' is to run is not part of it yet.", v.OriginOf("system.profile"));
    }

    private static void AddressUsable(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<IPAddress>("system.address", out var address)) return;
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.IsIPv6Multicast || IsMulticast(address))
            report.Error("address-unusable", "system.address", $"{address} is not an address that other hosts can reach.", v.OriginOf("system.address"));
    }

    private static bool IsMulticast(IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224;
}

using System.Collections.Immutable;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>A named check over several values.</summary>
/// <param name="Name">What it makes sure of.</param>
/// <param name="Judge">Adds findings; skips silently what has no value, for that has a finding already.</param>
internal sealed record Rule(string Name, Action<ValueSet, Inputs, Report> Judge);

/// <summary>All rules over several values.</summary>
internal static class Rules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        .. SystemRules.All,
        .. ClusterRules.All,
        .. ScannerRules.All,
        .. QuarantineRules.All,
        .. NetworkRules.All,
        .. MtaRules.All,
        .. WebRules.All,
        .. CertificateRules.All,
        .. BackendRules.All,
        .. BalancerRules.All,
        .. VirtualAddressRules.All,
        .. LimitRules.All,
        .. LogRules.All,
    ];
}

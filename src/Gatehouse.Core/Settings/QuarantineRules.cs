using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about a quarantine that nodes synchronise.</summary>
internal static class QuarantineRules
{
    public static ImmutableArray<Rule> All { get; } =
    [new("the quarantines of two members have different addresses or ports", PlacesDiffer)];

    /// <summary>The fingerprints of a peer's certificates.</summary>
    public static ImmutableArray<string> Fingerprints(Row peer) =>
        peer.Values.GetValueOrDefault("certificates") is string text
            ? [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)]
            : [];

    // Several nodes behind one address need distinct ports.
    private static void PlacesDiffer(ValueSet v, Inputs inputs, Report report)
    {
        if (
            !v.TryGet<string>("scanner.quarantine_shared", out var shared)
            || shared != "built-in"
            || !v.TryGet<IPAddress>("system.address", out var address)
        )
            return;
        var own = v.TryGet<IPAddress>("quarantine.forwarded_address", out var forwarded) ? forwarded : address;
        var port = v.TryGet<int>("quarantine.forwarded_port", out var given) ? given : Quarantine.QuarantinePlace.SyncPort;
        var seen = new Dictionary<(IPAddress, int), object> { [(own, port)] = "this node" };
        foreach (var row in v.Rows("cluster.peers"))
        {
            var place = (
                row.Values.GetValueOrDefault("forwarded") as IPAddress ?? (IPAddress)row.Values["address"],
                (int)row.Values["port"]
            );
            if (!seen.TryAdd(place, row.Values["name"]))
                report.Error(
                    "place-taken",
                    "quarantine.forwarded_port",
                    $"the quarantines of {seen[place]} and {row.Values["name"]} are both reached at {place.Item1} port "
                        + $"{place.Item2}; nodes behind one address need different ports.",
                    v.OriginOf("quarantine.forwarded_port") ?? row.Origin
                );
        }
    }
}

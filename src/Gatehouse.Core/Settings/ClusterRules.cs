using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about a node's place in its cluster.</summary>
internal static class ClusterRules
{
    public static ImmutableArray<Rule> All { get; } =
    [new("a peer is another node", PeersAreOthers), new("peers have different addresses", AddressesDiffer)];

    private static void PeersAreOthers(ValueSet v, Inputs inputs, Report report)
    {
        v.TryGet<string>("system.name", out var name);
        v.TryGet<IPAddress>("system.address", out var address);
        foreach (var row in v.Rows("cluster.peers"))
            if (row.Values["name"].Equals(name) || row.Values["address"].Equals(address))
                report.Error(
                    "peer-is-self",
                    "cluster.peers",
                    $"{row.Values["name"]} ({row.Values["address"]}) is this node itself; peers are the other members.",
                    row.Origin
                );
    }

    // That no two have one name is seen to where the table is read.
    private static void AddressesDiffer(ValueSet v, Inputs inputs, Report report)
    {
        var seen = new Dictionary<object, object>();
        foreach (var row in v.Rows("cluster.peers"))
            if (!seen.TryAdd(row.Values["address"], row.Values["name"]))
                report.Error(
                    "given-twice",
                    "cluster.peers",
                    $"{row.Values["name"]} has the address of {seen[row.Values["address"]]}, {row.Values["address"]}; every "
                        + "member needs its own.",
                    row.Origin
                );
    }
}

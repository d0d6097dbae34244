using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Clusters;

/// <summary>A duty that several nodes share, and how many of them may be away before it is not done any more.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Unit">What is counted.</param>
/// <param name="Total">How many there are.</param>
/// <param name="There">How many of them are not known to be away.</param>
/// <param name="ByMajority">Whether more than half of them have to be there; otherwise one is enough.</param>
/// <param name="Otherwise">What it means when too few are there.</param>
public sealed record MapDuty(string Name, string Unit, int Total, int There, bool ByMajority, string Otherwise)
{
    private static readonly ImmutableArray<(string Role, string Name, ServiceKind Kind, string Otherwise)> Backend =
    [
        ("cache", "Redis", ServiceKind.Redis, "no other copy can take over"),
        ("mq", "Queue", ServiceKind.Queue, "it stands still"),
    ];

    /// <summary>How many more may be away; below zero when too few are there.</summary>
    public int MayFail => ByMajority ? There - (Total / 2) - 1 : There - 1;

    /// <summary>The duties of a cluster that it has nodes for.</summary>
    /// <param name="picture">The cluster.</param>
    public static IEnumerable<MapDuty> Of(ClusterPicture picture)
    {
        if (picture is { KnowsVotes: true, Voters: { IsEmpty: false } voters })
            yield return new MapDuty("Registry", "vote", voters.Length, voters.Count(v => v.Counts), true, "it takes no writes");
        var members = picture.Nodes.Where(n => n.IsMember).ToArray();
        foreach (var (role, name, kind, otherwise) in Backend)
            if (!picture.NotRun.Contains(kind) && Make(name, n => n.Profile.Has(role), true, otherwise) is { } duty)
                yield return duty;
        if (Make("Mail", n => n.Profile.Has("mail"), false, "mail waits at its senders") is { } mail)
            yield return mail;
        if (Make("Web", n => n.Profile.Has("web"), false, "nobody serves it") is { } web)
            yield return web;
        if (Make("Balancer", picture.Balances, false, "nothing comes in through one") is { } balancer)
            yield return balancer;

        MapDuty? Make(string name, Func<MapNode, bool> has, bool byMajority, string otherwise)
        {
            var of = members.Where(has).ToArray();
            return of.Length == 0 ? null : new MapDuty(name, "node", of.Length, of.Count(n => n.Counts), byMajority, otherwise);
        }
    }

    /// <summary>How it stands, in words.</summary>
    public override string ToString()
    {
        var units = $"{Total.ToString(CultureInfo.InvariantCulture)} {Unit}{(Total == 1 ? "" : "s")}";
        var there = There == Total ? units : string.Create(CultureInfo.InvariantCulture, $"{There} of {units} there");
        return MayFail switch
        {
            < 0 => $"{there}, too few: {Otherwise}",
            0 => $"{there}, {(There == Total ? "none" : "no more")} may fail",
            var n => string.Create(CultureInfo.InvariantCulture, $"{there}, {n}{(There == Total ? "" : " more")} may fail"),
        };
    }
}

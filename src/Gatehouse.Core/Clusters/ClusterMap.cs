using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Clusters;

/// <summary>
/// Draws a cluster: its virtual addresses, balancers, front end and backend from top to bottom, as a message goes, and in each
/// the nodes by their places. It is plain ASCII, so that it looks the same on a serial console, in a mail and in a pipe.
/// </summary>
public static class ClusterMap
{
    /// <summary>What fits on every terminal, and leaves its last column free.</summary>
    public const int UsualWidth = 78;

    private const int LeastWidth = 24;
    private const int LeastRemark = 14;

    private static readonly ImmutableArray<(string Title, Func<Profile, bool> Has)> Segments =
    [
        ("Balancers", p => p.Has(Balancers.Role)),
        ("Front end", p => IsFront(p) && !Members.IsBackend(p)),
        ("Front end and backend", p => IsFront(p) && Members.IsBackend(p)),
        ("Backend", p => !IsFront(p) && Members.IsBackend(p)),
        ("Other", p => !IsFront(p) && !Members.IsBackend(p) && !p.Has(Balancers.Role)),
    ];

    /// <summary>The lines of the map.</summary>
    /// <param name="picture">What it shows.</param>
    /// <param name="width">The most columns of a line.</param>
    /// <param name="widthOf">How many columns a text takes; null counts its characters.</param>
    public static ImmutableArray<string> Draw(ClusterPicture picture, int width = UsualWidth, Func<string, int>? widthOf = null)
    {
        var page = new MapPage(Math.Max(width, LeastWidth), widthOf ?? (t => t.Length));
        page.Text(Title(picture));
        if (picture.Addresses is { IsEmpty: false } addresses)
        {
            page.Open("Virtual addresses");
            DrawAddresses(page, addresses);
        }

        foreach (var (title, has) in Segments)
        {
            var nodes = picture.Nodes.Where(n => has(n.Profile)).ToImmutableArray();
            if (nodes.IsEmpty)
                continue;
            page.Open(title);
            DrawNodes(page, picture, nodes);
            page.Below =
                title == "Balancers" && picture.Ports.Length > 0
                    ? $"ports {string.Join(", ", picture.Ports.Select(p => p.ToString(CultureInfo.InvariantCulture)))}"
                    : "";
        }

        page.Close();
        var duties = MapDuty.Of(picture).ToArray();
        if (duties.Length > 0)
            page.Blank();
        var widest = duties.Select(d => d.Name.Length).DefaultIfEmpty().Max();
        foreach (var duty in duties)
            page.Text($"{duty.Name.PadRight(widest)}  {duty}", widest + 2);
        return page.Lines;
    }

    /// <summary>The same in sentences, a line each, for who listens rather than looks.</summary>
    /// <param name="picture">What they tell.</param>
    public static IEnumerable<string> Tell(ClusterPicture picture)
    {
        yield return $"{Title(picture)}.";
        foreach (var a in picture.Addresses ?? [])
            yield return $"Virtual address {a.Binding.Address} for {a.Binding.Service.Name}: "
                + $"{string.Join(", ", [Where(a), .. Outgoing(a)])}.";
        foreach (var (title, has) in Segments)
        {
            foreach (var n in picture.Nodes.Where(n => has(n.Profile)))
            {
                var remarks = string.Join(", ", Remarks(picture, n));
                yield return $"{title}{(n.Location is { Length: > 0 } place ? $", {place}" : "")}: "
                    + $"{(n.Number == 0 ? "" : $"node {Number(n)}, ")}{n.Name} at {n.Address}, profile "
                    + $"{n.Profile.Name}{(remarks.Length == 0 ? "" : $": {remarks}")}.";
            }
        }

        foreach (var duty in MapDuty.Of(picture))
            yield return $"{duty.Name}: {duty}.";
    }

    private static bool IsFront(Profile profile) => profile.Has("mail") || profile.Has("web");

    private static string Title(ClusterPicture picture)
    {
        var nodes = picture.Nodes;
        var counts = new[]
        {
            ("well", Count(MapState.Well)),
            ("not well", Count(MapState.Unwell)),
            ("silent", Count(MapState.Silent)),
            ("joining", Count(MapState.Joining)),
            ("leaving", Count(MapState.Leaving)),
        };
        var wanting = counts
            .Where(c => c.Item2 > 0)
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Item2} {c.Item1}"))
            .ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Cluster {picture.Name}, {nodes.Length} "
                + $"node{(nodes.Length == 1 ? "" : "s")}{(wanting.Length == 0 ? "" : $": {string.Join(", ", wanting)}")}"
        );

        int Count(MapState state) => nodes.Count(n => n.State == state);
    }

    private static void DrawAddresses(MapPage page, ImmutableArray<MapAddress> addresses)
    {
        int address = addresses.Max(a => a.Binding.Address.ToString().Length),
            service = addresses.Max(a => a.Binding.Service.Name.Length);
        foreach (var a in addresses)
            page.Row(
                a.Holders is { Length: not 1 } || a.First.Length == 0 ? '!' : ' ',
                "",
                0,
                [(a.Binding.Address.ToString(), address), (a.Binding.Service.Name, service)],
                [Where(a), .. Outgoing(a)],
                LeastRemark
            );
    }

    private static string[] Outgoing(MapAddress a) => a.Binding.Outgoing ? ["outgoing mail leaves by it"] : [];

    private static string Where(MapAddress a) =>
        a switch
        {
            { Holders: { IsEmpty: false } holders } =>
                $"on {string.Join(" and ", holders)}{PreferredElsewhere(a.Binding.Preferred, holders)}",
            { First.Length: 0 } => "no node can have it",
            { Holders: { } } => "on no node that answers",
            _ => $"{(a.Binding.Preferred == a.First ? "preferred" : "first")} on {a.First}",
        };

    private static string PreferredElsewhere(string preferred, ImmutableArray<string> holders) =>
        preferred.Length > 0 && !holders.Contains(preferred) ? $", preferred on {preferred}" : "";

    private static void DrawNodes(MapPage page, ClusterPicture picture, ImmutableArray<MapNode> nodes)
    {
        // The columns are those of all nodes, so that they run through the segments.
        var all = picture.Nodes;
        int number = all.Max(n => Number(n).Length),
            name = all.Max(n => n.Name.Length),
            address = all.Max(n => n.Address.ToString().Length),
            profile = all.Max(n => n.Profile.Name.Length);
        var hasPlaces = all.Any(n => n.Location is { Length: > 0 });
        foreach (var place in nodes.GroupBy(n => n.Location))
        {
            if (hasPlaces)
                page.Inside(
                    place.Key switch
                    {
                        null => "(place not known here)",
                        "" => "(place not told)",
                        var told => told,
                    }
                );
            foreach (var n in place)
                page.Row(
                    Mark(n),
                    Number(n),
                    number,
                    [(n.Name, name), (n.Address.ToString(), address), (n.Profile.Name, profile)],
                    [.. Remarks(picture, n)],
                    LeastRemark
                );
        }
    }

    private static string Number(MapNode node) => node.Number == 0 ? "-" : node.Number.ToString(CultureInfo.InvariantCulture);

    private static char Mark(MapNode node) =>
        node.State switch
        {
            MapState.Silent => 'x',
            MapState.Unwell => '!',
            MapState.Joining or MapState.Leaving => '~',
            _ => ' ',
        };

    private static IEnumerable<string> Remarks(ClusterPicture picture, MapNode node)
    {
        if (node.IsHere)
            yield return "this host";
        switch (node.State)
        {
            case MapState.Silent:
                yield return "does not answer";
                break;
            case MapState.Joining:
                yield return "joins";
                break;
            case MapState.Leaving:
                yield return "leaves";
                break;
            case MapState.Unwell:
                yield return node.Problems.Length < 2
                    ? string.Concat(node.Problems)
                    : string.Create(CultureInfo.InvariantCulture, $"{node.Problems[0]} and {node.Problems.Length - 1} more");
                break;
        }

        if (node.Name == picture.Primary)
            yield return "takes writes";
        if (picture.KnowsVotes && node.Profile.Has("database") && node.IsMember)
            yield return picture.Voters.Any(v => v.Name == node.Name) ? "votes"
            : picture.Elected.Any(v => v.Name == node.Name) ? "no vote yet"
            : "a copy, no vote";
        if (node.Number > 0 && node.Number == picture.Issuer)
            yield return "issuer";
        if (!node.Profile.Has(Balancers.Role) && picture.Balances(node))
            yield return "balances";
        if (picture.Collecting.Contains(node.Name))
            yield return "collects logs";
    }
}

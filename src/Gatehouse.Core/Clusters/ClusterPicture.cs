using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Clusters;

/// <summary>How a node looks on the map.</summary>
public enum MapState
{
    /// <summary>It was not asked.</summary>
    Unasked,

    /// <summary>It answers, and nothing is wrong with it.</summary>
    Well,

    /// <summary>It answers, and something is wrong with it.</summary>
    Unwell,

    /// <summary>It does not answer.</summary>
    Silent,

    /// <summary>It is on its way in.</summary>
    Joining,

    /// <summary>It is on its way out.</summary>
    Leaving,
}

/// <summary>A node on the map.</summary>
/// <param name="Number">Its number; 0 when it has none yet.</param>
/// <param name="Name">Its host name.</param>
/// <param name="Address">Where the others reach it.</param>
/// <param name="Profile">What kind of node it is.</param>
/// <param name="Location">Where it stands; empty when nobody said, null when that is not known here.</param>
public sealed record MapNode(int Number, string Name, IPAddress Address, Profile Profile, string? Location)
{
    /// <summary>How it is.</summary>
    public MapState State { get; init; }

    /// <summary>What is wrong with it.</summary>
    public ImmutableArray<string> Problems { get; init; } = [];

    /// <summary>Whether it has a vote about who takes writes; null when that is not known, as before there is a cluster.</summary>
    public bool? HasVote { get; init; }

    /// <summary>Whether the map is drawn on it.</summary>
    public bool IsHere { get; init; }

    /// <summary>Whether it can be counted on: it is a member, and not known to be away.</summary>
    public bool Counts => State is MapState.Unasked or MapState.Well or MapState.Unwell;

    /// <summary>Whether it is a member, be it there or not.</summary>
    public bool IsMember => State is not (MapState.Joining or MapState.Leaving);
}

/// <summary>A virtual address on the map.</summary>
/// <param name="Binding">What was asked for.</param>
/// <param name="First">The name of the node that has it first of all; empty when none can.</param>
/// <param name="Holders">The names of the nodes that say they have it; null when nobody was asked.</param>
public sealed record MapAddress(AddressBinding Binding, string First, ImmutableArray<string>? Holders);

/// <summary>What a map of a cluster shows, wherever it is known from.</summary>
public sealed record ClusterPicture
{
    /// <summary>The cluster's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its nodes, by number.</summary>
    public required ImmutableArray<MapNode> Nodes { get; init; }

    /// <summary>The number of the node that signs certificates; 0 when it is not known.</summary>
    public int Issuer { get; init; }

    /// <summary>The name of the node whose copy of the registry takes writes; empty when it is not known.</summary>
    public string Primary { get; init; } = "";

    /// <summary>The names of nodes that balance beside their own duties.</summary>
    public ImmutableArray<string> Balancing { get; init; } = [];

    /// <summary>The ports that are balanced.</summary>
    public ImmutableArray<int> Ports { get; init; } = [];

    /// <summary>The names of nodes that collect the logs of all.</summary>
    public ImmutableArray<string> Collecting { get; init; } = [];

    /// <summary>The virtual addresses; null when they are not known.</summary>
    public ImmutableArray<MapAddress>? Addresses { get; init; }

    /// <summary>Services that the cluster's nodes do not run, although they could: one elsewhere is used, or none is wanted.</summary>
    public ImmutableArray<ServiceKind> NotRun { get; init; } = [];

    /// <summary>The nodes with a vote about who takes writes; those that are to have one where nothing is there yet.</summary>
    public ImmutableArray<MapNode> Voters =>
        [.. Databases.Any(n => n.HasVote is not null) ? Databases.Where(n => n.HasVote == true) : Elected];

    /// <summary>The nodes that are to have a vote.</summary>
    public ImmutableArray<MapNode> Elected => [.. Databases.Take(QuorumRules.Votes(Databases.Count()))];

    /// <summary>Whether it is known which nodes vote: that goes by their numbers.</summary>
    public bool KnowsVotes => Databases.Count() == 1 || Databases.All(n => n.Number > 0);

    private IEnumerable<MapNode> Databases => Nodes.Where(n => n.IsMember && n.Profile.Has("database")).OrderBy(n => n.Number);

    /// <summary>Whether a node spreads mail and web over the others.</summary>
    public bool Balances(MapNode node) => node.Profile.Has(Balancers.Role) || Balancing.Contains(node.Name);

    /// <summary>What members said of themselves just now.</summary>
    /// <param name="report">What they said.</param>
    /// <param name="settings">The settings of the node that draws; null when they cannot be read.</param>
    /// <param name="primary">The address of the copy of the registry that takes writes; null when it is not known.</param>
    /// <param name="here">The number of the node that draws.</param>
    public static ClusterPicture Of(ClusterReport report, GatewaySettings? settings, IPAddress? primary, int here)
    {
        var picture = Of(report.View, here) with
        {
            Primary = report.View.Databases.FirstOrDefault(n => n.Address.Equals(primary))?.Name ?? "",
        };
        var asked = report.Members.ToDictionary(m => m.Node.Number);
        picture = picture with
        {
            Nodes =
            [
                .. picture.Nodes.Select(n =>
                    asked.TryGetValue(n.Number, out var member)
                        ? n with
                        {
                            State = StateOf(member, n.State),
                            Problems = member.Problems,
                            HasVote = member.Node.VotesSince is not null,
                        }
                        : n
                ),
            ],
        };
        return settings is null
            ? picture
            : picture.With(
                settings,
                a => [.. report.Members.Where(m => m.Status?.Addresses?.Contains(a) == true).Select(m => m.Node.Name)]
            );
    }

    /// <summary>What the registry says, and nobody was asked about.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="here">The number of the node that draws.</param>
    public static ClusterPicture Of(ClusterView view, int here) =>
        new()
        {
            Name = view.Cluster.Name,
            Issuer = view.Cluster.Issuer,
            Nodes =
            [
                .. view
                    .Members.OrderBy(n => n.Number)
                    .Select(n => new MapNode(n.Number, n.Name, n.Address, ProfileOf(n.Profile), n.Location)
                    {
                        State = n.State switch
                        {
                            NodeState.Joining => MapState.Joining,
                            NodeState.Leaving => MapState.Leaving,
                            _ => MapState.Unasked,
                        },
                        IsHere = n.Number == here,
                    }),
            ],
        };

    /// <summary>What a node's settings say: itself, its peers, and what the cluster is to have in common.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="name">What the cluster is called.</param>
    /// <param name="view">The cluster as the node saw it last, which knows more of the others; null when it never did.</param>
    public static ClusterPicture Of(GatewaySettings settings, string name, ClusterView? view = null)
    {
        var seen = view is null ? null : Of(view, settings.Cluster.Id);
        var known = seen?.Nodes ?? [.. Members.Of(settings).Select(m => new MapNode(m.Id, m.Name, m.Address, m.Profile, null))];
        var (system, number) = (settings.System, settings.Cluster.Id);
        var self = new MapNode(number, system.Name, system.Address, system.Profile, system.Location) { IsHere = true };
        var picture = (seen ?? new ClusterPicture { Name = name, Nodes = [] }) with
        {
            Name = name,
            Nodes =
            [
                .. known
                    .Where(n => n.Number != number && n.Name != system.Name)
                    .Append(self)
                    .OrderBy(n => n.Number)
                    .ThenBy(n => n.Name, StringComparer.Ordinal),
            ],
        };
        return picture.With(settings, null);
    }

    /// <summary>What a host knows before it joins: itself, and the members that it was told of.</summary>
    /// <param name="name">What the cluster is called.</param>
    /// <param name="self">The host.</param>
    /// <param name="links">The members, and whether they answered.</param>
    public static ClusterPicture Of(string name, MapNode self, IEnumerable<LinkSample> links) =>
        new()
        {
            Name = name,
            Nodes =
            [
                .. links.Select(l => new MapNode(0, l.To.Name, l.To.Address, ProfileOf(l.To.Profile), null)
                {
                    State = l is { Tried: > 0, Answered: 0 } ? MapState.Silent : MapState.Unasked,
                }),
                self with
                {
                    State = MapState.Joining,
                    IsHere = true,
                },
            ],
        };

    private ClusterPicture With(GatewaySettings settings, Func<IPAddress, ImmutableArray<string>>? holders) =>
        this with
        {
            Balancing = [.. Balancers.Of(settings).Select(m => m.Name)],
            Ports = settings.Balancer.Ports,
            Collecting = settings.Logs.CollectOn,
            NotRun =
            [
                .. Enum.GetValues<ServiceKind>()
                    .Where(k => settings.Backend.Of(k) is not null || (k == ServiceKind.Queue && !settings.Backend.MessageQueue)),
            ],
            Addresses =
            [
                .. settings.Addresses.Bindings.Select(b => new MapAddress(
                    b,
                    b.Carriers(settings).FirstOrDefault()?.Name ?? "",
                    holders?.Invoke(b.Address)
                )),
            ],
        };

    private static MapState StateOf(MemberReport member, MapState state) =>
        state != MapState.Unasked ? state
        : member.Status is null ? MapState.Silent
        : member.IsHealthy ? MapState.Well
        : MapState.Unwell;

    // One that a later release has, and this one does not know, has no duties that could be shown.
    private static Profile ProfileOf(string name) => Profile.Find(name) ?? new Profile(name, []);
}

using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Clusters;

/// <summary>Everything about a cluster that its members act by, at one moment. It is read in one transaction and never changes.</summary>
public sealed record ClusterView
{
    /// <summary>The cluster.</summary>
    public required Cluster Cluster { get; init; }

    /// <summary>Its nodes by number, the removed ones too.</summary>
    public required ImmutableArray<ClusterNode> Nodes { get; init; }

    /// <summary>The settings version that members are to have: the newest that is good or following.</summary>
    public required long WantedSettings { get; init; }

    /// <summary>The CA certificates that members trust, PEM: one root, two while it is rotated.</summary>
    public required ImmutableArray<string> Roots { get; init; }

    /// <summary>The revocation lists, PEM: one for each CA that has signed.</summary>
    public required ImmutableArray<string> RevocationLists { get; init; }

    /// <summary>When the registry was read.</summary>
    public required DateTimeOffset Taken { get; init; }

    /// <summary>
    /// A hash of what a member's configuration is made from: who the others are, whom it trusts, which settings are wanted. As
    /// long as it is the same there is nothing to follow.
    /// </summary>
    public string Fingerprint()
    {
        var databases = Databases.ToHashSet();
        var parts = Members
            .OrderBy(n => n.Number)
            .Select(n =>
            {
                var former = n.Former is null ? "" : $" {n.Former}";
                var database = n.State == NodeState.Leaving ? " leaving" : " database";
                return $"{n.Number} {n.Name} {n.Address} {n.Port} "
                    + $"{n.Profile}{former}{(databases.Contains(n) ? database : "")}{n.SyncText()}";
            })
            .Prepend(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Cluster.Id} {Cluster.Name} {Cluster.Epoch} {Cluster.Issuer} {WantedSettings}"
                )
            )
            .Concat(Roots)
            .Concat(RevocationLists);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))));
    }

    /// <summary>The nodes that are not removed.</summary>
    public IEnumerable<ClusterNode> Members => Nodes.Where(n => n.State != NodeState.Removed);

    /// <summary>The member of this name; null when there is none.</summary>
    public ClusterNode? Member(string name) => Members.FirstOrDefault(n => n.Name == name);

    /// <summary>The members that hold the registry's database, by number.</summary>
    public IEnumerable<ClusterNode> Databases =>
        Members.Where(n => n.State != NodeState.Joining && Profile.Find(n.Profile)?.Roles.Contains("database") == true);

    /// <summary>Whether a node was not heard of for so long that nothing waits for it. The registry's function present_nodes counts the
    /// same time.</summary>
    public bool IsAbsent(ClusterNode node) => node.LastSeen is not { } seen || Taken - seen > Timeouts.Absence;

    /// <summary>The same with a node at another address.</summary>
    /// <param name="number">The node's number.</param>
    /// <param name="address">Where it is.</param>
    public ClusterView Moved(int number, IPAddress address) =>
        this with
        {
            Nodes = [.. Nodes.Select(n => n.Number == number ? n with { Address = address } : n)],
        };

    /// <summary>The node of this number; null when there never was one.</summary>
    public ClusterNode? Node(int number) => Nodes.FirstOrDefault(n => n.Number == number);
}

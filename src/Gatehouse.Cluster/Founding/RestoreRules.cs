using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Founding;

/// <summary>Which node of a backup the host is to be, and where.</summary>
/// <param name="Former">The node as it was.</param>
/// <param name="Address">Where the others reach it.</param>
/// <param name="Location">Where it stands.</param>
internal sealed record RestoringHost(FormerNode Former, IPAddress Address, string Location);

/// <summary>What was said of the host on the command line; null where nothing was.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its address.</param>
/// <param name="Location">Where it stands.</param>
internal sealed record RestoreWish(string? Name, string? Address, string? Location);

/// <summary>Whether a cluster can be begun again from a backup: everything that is in the way, before anything is changed.</summary>
internal static class RestoreRules
{
    /// <summary>
    /// How many epochs and numbers of revocation lists are left out. Those between may have been used after the backup was made, and
    /// whoever acted by them must be older than the restored cluster.
    /// </summary>
    public const int Leap = 100;

    /// <summary>The epoch that a restored cluster begins with.</summary>
    public static long EpochAfter(long epoch) => epoch + Leap;

    /// <summary>Which node the host is to be.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="wish">What was said.</param>
    /// <param name="hostName">The host's own name; empty when it has no full one.</param>
    /// <param name="addresses">The host's addresses.</param>
    /// <param name="problems">Is told what is wrong.</param>
    public static RestoringHost? Host(
        ClusterBackup backup,
        RestoreWish wish,
        string hostName,
        ImmutableArray<IPAddress> addresses,
        ICollection<string> problems
    )
    {
        var name = wish.Name ?? hostName;
        var able = backup.Nodes.Where(f => f.Node.State != NodeState.Removed && NodeDuties.MayIssue(f.Node.Profile)).ToArray();
        var former = Array.Find(able, f => f.Node.Name == name);
        if (former is null)
            problems.Add(Nobody(backup, name, able));
        // Which address it is to be may be known with the name.
        var address = former is null && wish.Address is null ? null : Address(former?.Node, wish.Address, addresses, problems);
        return former is null || address is null ? null : new RestoringHost(former, address, wish.Location ?? former.Node.Location);
    }

    /// <summary>What of the content does not open or does not belong together.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="token">The master token.</param>
    /// <param name="key">The encryption key.</param>
    public static IEnumerable<string> Content(ClusterBackup backup, MasterToken token, EncryptionKey key)
    {
        foreach (var root in backup.Authorities.Where(IsTrustedRoot))
        {
            if (
                !SealedKey.TryRead(root.SealedKey ?? "", out var closed, out var problem)
                || !closed.TryOpen(token, backup.Cluster.Id, out var opened, out problem)
            )
                yield return $"the sealed root key {problem}.";
            else
                opened.Dispose();
        }

        foreach (var secret in backup.Secrets)
            if (
                !Sealed.TryRead(secret.Sealed, out var read, out var problem) || !read.TryOpen(key, secret.Name, out Secret? _, out problem)
            )
                yield return $"the cluster's secret {secret.Name} {problem}.";
    }

    /// <summary>Why a cluster whose members answer is not begun again; null when that may be.</summary>
    /// <param name="answering">The members that answer.</param>
    /// <param name="force">Whether they may.</param>
    public static string? Alive(ImmutableArray<ClusterNode> answering, bool force)
    {
        var holders = answering.Where(n => NodeDuties.MayIssue(n.Profile)).Select(n => n.Name).ToArray();
        return holders.Length == 0 || force
            ? null
            : $"{string.Join(" and ", holders)} {(holders.Length == 1 ? "answers" : "answer")} and can hold the registry: the cluster is "
                + $"not lost. Join it again from here ('gatehouse invite' there), or make another node the issuer ('gatehouse promote'). "
                + "If its registry is lost for good, run this with --force; every member then has to join again.";
    }

    /// <summary>Whether an authority is a root that members trust.</summary>
    public static bool IsTrustedRoot(Authority authority) => authority is { Kind: AuthorityKind.Root, State: not AuthorityState.Retired };

    private static string Nobody(ClusterBackup backup, string name, FormerNode[] able)
    {
        var choice =
            $"The cluster is begun again on a node that can hold its registry; name one with --name: "
            + $"{string.Join(", ", able.Select(f => $"{f.Node.Name} ({f.Node.Profile})"))}.";
        if (name.Length == 0)
            return $"this host has no fully qualified name. {choice}";
        return backup.Members.FirstOrDefault(n => n.Name == name) is { } other
            ? $"{name} has the profile {other.Profile} in this backup. {choice}"
            : $"there is no node {name} in this backup. {choice}";
    }

    // The address that it had is the one that others know.
    private static IPAddress? Address(ClusterNode? former, string? given, ImmutableArray<IPAddress> addresses, ICollection<string> problems)
    {
        if (given is not null)
        {
            if (Addresses.TryParse(given, out var address) && !IPAddress.IsLoopback(address))
                return address;
            problems.Add($"'{given}' is no address at which other nodes reach this host.");
            return null;
        }

        if (former is not null && addresses.Contains(former.Address))
            return former.Address;
        if (addresses is [var only])
            return only;
        problems.Add(
            addresses.IsEmpty
                ? "this host has no address that other nodes can reach; give one with --address."
                : $"this host has several addresses ({string.Join(", ", addresses)}); say with --address at which the other nodes reach it."
        );
        return null;
    }
}

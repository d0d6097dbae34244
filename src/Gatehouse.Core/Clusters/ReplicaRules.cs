using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Core.Clusters;

/// <summary>A replica of the registry's database that receives from the primary.</summary>
/// <param name="Name">The name of its node.</param>
/// <param name="Behind">How many bytes of the primary's log it has not replayed yet.</param>
public sealed record Replica(string Name, long Behind);

/// <summary>How a database node's replica stands, as the primary sees it.</summary>
/// <param name="Follows">Whether it receives from the primary.</param>
/// <param name="Behind">How many bytes of the primary's log it has not replayed yet; null when it receives nothing.</param>
/// <param name="Problem">What is wrong with it; empty when nothing is.</param>
public sealed record ReplicaState(bool Follows, long? Behind, string Problem);

/// <summary>What a database node remembers of its replica between two looks.</summary>
/// <param name="Since">Since when the replica has received nothing.</param>
/// <param name="Copied">How often it was copied anew since then.</param>
/// <param name="Last">When it was last copied anew; null when it was not.</param>
public sealed record ReplicaTrouble(DateTimeOffset Since, int Copied, DateTimeOffset? Last);

/// <summary>What a database node does about its replica.</summary>
/// <param name="Copies">Whether it is copied anew now.</param>
/// <param name="Trouble">What is remembered until the next look; null when the replica follows.</param>
/// <param name="Problem">What is wrong; empty when nothing is, or when it may still mend by itself.</param>
public sealed record ReplicaStep(bool Copies, ReplicaTrouble? Trouble, string Problem);

/// <summary>
/// Whether a replica of the registry follows the primary, and when it is copied anew. A replica that was away for longer than the primary
/// keeps its log can never follow again by itself.
/// </summary>
public static class ReplicaRules
{
    /// <summary>A replica further behind than this could not take over soon; it is four segments of the log.</summary>
    public const long FarBehind = 64L << 20;

    /// <summary>How often a replica is copied anew before an administrator has to look.</summary>
    public const int MostCopies = 3;

    /// <summary>A replica that connects again after a boot or a failover gets this long.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    /// <summary>The time between two copies.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private const string Copying = "creating replica";

    /// <summary>How the replica of each database node that has one stands, by the node's number.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="replicas">Those that the primary sends to; null when that is not known.</param>
    /// <param name="primary">The address of the primary; null when it is not known.</param>
    public static ImmutableDictionary<int, ReplicaState> Judge(ClusterView view, IReadOnlyCollection<Replica>? replicas, string? primary)
    {
        // Which node takes writes must be known, or it would be named as one that does not follow itself.
        if (replicas is null || !view.Databases.Any(n => IsAt(n, primary)))
            return ImmutableDictionary<int, ReplicaState>.Empty;
        return view
            .Databases.Where(n => n.State == NodeState.Active && !IsAt(n, primary))
            .ToImmutableDictionary(n => n.Number, n => StateOf(replicas.FirstOrDefault(r => r.Name == n.Name)));
    }

    private static bool IsAt(ClusterNode node, string? address) => node.Address.ToString() == address || node.Former?.ToString() == address;

    /// <summary>What this node does about its replica.</summary>
    /// <param name="copies">All copies of the registry, as Patroni sees them.</param>
    /// <param name="name">The name of this node.</param>
    /// <param name="follows">Whether the primary sends to this node's replica.</param>
    /// <param name="trouble">What was remembered at the last look; null when the replica followed.</param>
    /// <param name="now">The time.</param>
    /// <param name="force">Whether an administrator asked for it: then neither the grace nor the number of copies counts.</param>
    public static ReplicaStep Next(
        IReadOnlyCollection<DatabaseCopy> copies,
        string name,
        bool follows,
        ReplicaTrouble? trouble,
        DateTimeOffset now,
        bool force
    )
    {
        var own = copies.FirstOrDefault(c => c.Name == name);
        if (follows || own is { IsPrimary: true })
            return new ReplicaStep(false, null, "");
        trouble ??= new ReplicaTrouble(now, 0, null);
        // The only data there is must never be removed: there has to be a primary that runs, and it has to be another node.
        if (!copies.Any(c => c is { IsPrimary: true, IsRunning: true } && c.Name != name))
            return new ReplicaStep(false, trouble, "");
        // A member that Patroni does not list has no Patroni to carry it out, and one that is being copied gets the time that it takes.
        if (own is null || own.State == Copying)
            return new ReplicaStep(
                false,
                trouble,
                force ? $"{Lost}, and Patroni {(own is null ? "does not run here" : "is copying it now")}" : ""
            );
        if (force)
            return Copy();
        if (now - trouble.Since < Grace)
            return new ReplicaStep(false, trouble, "");
        if (trouble.Copied >= MostCopies)
            return new ReplicaStep(
                false,
                trouble,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Lost}, and copying it anew {MostCopies} times did not help; 'journalctl -u patroni' says why, and 'gatehouse sync' "
                        + $"tries again"
                )
            );
        return trouble.Last is { } last && now - last < Pause ? new ReplicaStep(false, trouble, "") : Copy();

        ReplicaStep Copy() => new(true, trouble with { Copied = trouble.Copied + 1, Last = now }, "");
    }

    private const string Lost = "its replica of the registry receives nothing from the primary";

    private static ReplicaState StateOf(Replica? replica) =>
        replica switch
        {
            null => new ReplicaState(
                false,
                null,
                $"{Lost}, so it cannot take over; it is copied anew within minutes, or at once by 'gatehouse sync' on that node"
            ),
            { Behind: > FarBehind and var behind } => new ReplicaState(
                true,
                behind,
                string.Create(CultureInfo.InvariantCulture, $"its replica of the registry is {behind >> 20} MB behind the primary")
            ),
            _ => new ReplicaState(true, Math.Max(0, replica.Behind), ""),
        };
}

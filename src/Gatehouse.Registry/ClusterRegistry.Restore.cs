using System.Collections.Immutable;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Registry;

/// <summary>A node that a restored cluster had before.</summary>
/// <param name="Node">The node.</param>
/// <param name="Answers">Its own answers.</param>
public sealed record FormerNode(ClusterNode Node, string Answers);

/// <summary>What a cluster begins with again after everything was lost.</summary>
public sealed record RestoredCluster
{
    /// <summary>The cluster, in the epoch that begins.</summary>
    public required Cluster Cluster { get; init; }

    /// <summary>SHA-256 of what the master token proves itself with; 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Promotion { get; init; }

    /// <summary>The nodes there were. All of them are gone; their numbers stay taken.</summary>
    public required ImmutableArray<FormerNode> Former { get; init; }

    /// <summary>The first node's name.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where it is.</summary>
    public required NodePlace Place { get; init; }

    /// <summary>Its profile.</summary>
    public required string Profile { get; init; }

    /// <summary>Its own answers.</summary>
    public required string NodeAnswers { get; init; }

    /// <summary>Its certificate, for the number after the highest there was.</summary>
    public required IssuedCertificate Certificate { get; init; }

    /// <summary>The authorities of before, oldest first, and last the new issuing authority.</summary>
    public required ImmutableArray<Authority> Authorities { get; init; }

    /// <summary>Their revocation lists.</summary>
    public required ImmutableArray<RevocationList> RevocationLists { get; init; }

    /// <summary>The settings versions of before; the newest that is good comes into force.</summary>
    public required ImmutableArray<SettingsVersion> Settings { get; init; }

    /// <summary>What the record of events begins with: from which backup it was.</summary>
    public required string Note { get; init; }

    /// <summary>The first node's number.</summary>
    public int Number => Former.Select(f => f.Node.Number).DefaultIfEmpty(0).Max() + 1;
}

/// <summary>The new beginning of a cluster.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>
    /// Starts a cluster that there was before, in one transaction: its nodes as removed ones, so that no number is ever used again, and
    /// one new node, active and the issuer. Over the local socket only.
    /// </summary>
    /// <exception cref="RegistryException">The database holds a cluster already.</exception>
    public Task RestoreAsync(RestoredCluster cluster, CancellationToken ct = default) => TransactAsync(Restoring(cluster), ct);

    private static IEnumerable<Statement> Restoring(RestoredCluster c)
    {
        var last = c.Number - 1;
        yield return new("SELECT gatehouse.start_cluster($1, $2, $3)", c.Cluster.Id, c.Cluster.Name, c.Promotion);
        foreach (var (n, answers) in c.Former)
        {
            yield return new(
                """
                INSERT INTO gatehouse.nodes (number, name, address, port, profile, location, state, answers, joined, removed)
                VALUES ($1, $2, $3::inet, $4, $5, $6, 'removed', $7, $8, now())
                """,
                n.Number,
                n.Name,
                n.Address.ToString(),
                n.Port,
                n.Profile,
                n.Location,
                answers,
                n.Joined
            );
            yield return new(
                "INSERT INTO gatehouse.heartbeats (node, at, release) VALUES ($1, $2, $3)",
                n.Number,
                (object?)n.LastSeen,
                n.Release
            );
        }

        yield return new("UPDATE gatehouse.cluster SET last_node = $1, created = $2", last, c.Cluster.Created);
        foreach (var (a, age) in c.Authorities.Select((a, i) => (a, i)))
        {
            yield return AddAuthority(1, a);
            // Which of two roots comes and which goes is told by their age.
            yield return new(
                "UPDATE gatehouse.authorities SET added = now() + $2 * interval '1 microsecond' WHERE fingerprint = $1",
                a.Fingerprint,
                age
            );
        }

        foreach (var list in c.RevocationLists)
            yield return PutRevocationList(1, list);
        yield return new(
            "SELECT gatehouse.first_node($1, $2::inet, $3, $4, $5)",
            c.NodeName,
            c.Place.Address.ToString(),
            c.Place.Port,
            c.Profile,
            c.Place.Location
        );
        yield return new("UPDATE gatehouse.nodes SET answers = $1 WHERE number = $2", c.NodeAnswers, c.Number);
        yield return AddCertificate(1, c.Number, c.Certificate);
        foreach (var s in c.Settings)
        {
            yield return new(
                "INSERT INTO gatehouse.settings (number, base, answers, state, author, created, note, approval) VALUES ($1, $2, $3, $4, "
                    + "$5, $6, $7, $8)",
                s.Number,
                s.Base,
                s.Answers,
                s.State.ToWord(),
                s.Author,
                s.Created,
                s.Note,
                s.Approval.ToWord()
            );
        }

        // Last: until here all was written by the first epoch, in which a cluster begins.
        yield return new("UPDATE gatehouse.cluster SET epoch = $1", c.Cluster.Epoch);
        yield return new("SELECT gatehouse.record_event('cluster.restored', $1)", c.Note);
    }
}

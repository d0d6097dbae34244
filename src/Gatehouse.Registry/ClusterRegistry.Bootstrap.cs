using System.Collections.Immutable;
using Gatehouse.Core.Settings;

namespace Gatehouse.Registry;

/// <summary>What a cluster begins with.</summary>
public sealed record NewCluster
{
    /// <summary>The cluster's id: 32 lower-case hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The cluster's name.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of what the master token proves itself with in <see cref="ClusterRegistry.PromoteAsync"/>; 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Promotion { get; init; }

    /// <summary>The first node's fully qualified name, lower case, at most 63 characters: its login has the same name.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where the first node is.</summary>
    public required NodePlace Place { get; init; }

    /// <summary>The first node's profile.</summary>
    public required string Profile { get; init; }

    /// <summary>The first node's own answers.</summary>
    public required string NodeAnswers { get; init; }

    /// <summary>The first node's certificate; its number is 1.</summary>
    public required IssuedCertificate Certificate { get; init; }

    /// <summary>The root and the issuing authority.</summary>
    public required ImmutableArray<Authority> Authorities { get; init; }

    /// <summary>Their first revocation lists.</summary>
    public required ImmutableArray<RevocationList> RevocationLists { get; init; }

    /// <summary>The first settings version: answers that are cluster-wide.</summary>
    public required string Answers { get; init; }

    /// <summary>Which approval they ask for.</summary>
    public ApprovalMode Approval { get; init; }
}

/// <summary>The beginning of a cluster.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>Starts a cluster: its row, authorities, first node (active, number 1, the issuer) and first settings (good). Over the local
    /// socket only.</summary>
    /// <exception cref="RegistryException">The database holds a cluster already; of two at once, one gets this.</exception>
    public Task InitialiseAsync(NewCluster cluster, CancellationToken ct = default) => TransactAsync(Beginning(cluster), ct);

    private static IEnumerable<Statement> Beginning(NewCluster c)
    {
        yield return new("SELECT gatehouse.start_cluster($1, $2, $3)", c.Id, c.Name, c.Promotion);
        foreach (var a in c.Authorities)
            yield return AddAuthority(1, a);
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
        yield return new("UPDATE gatehouse.nodes SET answers = $1 WHERE number = 1", c.NodeAnswers);
        yield return AddCertificate(1, 1, c.Certificate);
        yield return new("SELECT gatehouse.first_settings(1, $1)", c.Answers);
        yield return new("UPDATE gatehouse.settings SET approval = $1 WHERE number = 1", c.Approval.ToWord());
    }

    private Task TransactAsync(IEnumerable<Statement> statements, CancellationToken ct) =>
        UseAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                foreach (var statement in statements)
                    await ScalarOnAsync<object>(connection, statement, ct);
                await transaction.CommitAsync(ct);
                return true;
            },
            ct
        );
}

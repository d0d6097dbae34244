using System.Collections.Immutable;

namespace Gatehouse.Registry;

/// <summary>Certificates, authorities, revocation lists; and the promotion of a new issuer.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>Files a further certificate of a node, a renewed one. The earlier ones stay good until they end. By the issuer.</summary>
    public Task AddCertificateAsync(long epoch, int node, IssuedCertificate certificate, CancellationToken ct = default) =>
        IssueAsync<object>(AddCertificate(epoch, node, certificate), ct);

    /// <summary>Revokes one certificate; the revocation list is the issuer's to make. By the issuer.</summary>
    /// <returns>False when it was revoked before.</returns>
    public Task<bool> RevokeCertificateAsync(long epoch, string serial, string why, CancellationToken ct = default) =>
        IssueAsync<bool>(new("SELECT gatehouse.revoke_certificate($1, $2, $3)", epoch, serial, why), ct);

    /// <summary>All certificates that were ever filed, oldest first.</summary>
    public Task<ImmutableArray<CertificateRecord>> CertificatesAsync(CancellationToken ct = default) =>
        RowsAsync(
            new(
                "SELECT node, serial, key_hash, pem, not_before, not_after, revoked, why FROM gatehouse.certificates ORDER BY not_before, "
                    + "serial"
            ),
            r => new CertificateRecord(
                r.GetInt32(0),
                new(r.GetString(1), r.GetString(2), r.GetString(3), r.Time(4), r.Time(5)),
                r.TimeOrNull(6),
                r.GetString(7)
            ),
            ct
        );

    /// <summary>All authorities, oldest first, roots with their sealed keys.</summary>
    public Task<ImmutableArray<Authority>> AuthoritiesAsync(CancellationToken ct = default) =>
        RowsAsync(
            new("SELECT fingerprint, kind, state, pem, sealed_key FROM gatehouse.authorities ORDER BY added, kind DESC, fingerprint"),
            r => new Authority(r.GetString(0), r.Word<AuthorityKind>(1), r.Word<AuthorityState>(2), r.GetString(3), r.TextOrNull(4)),
            ct
        );

    /// <summary>Files a new authority. One that comes as the current one retires the one before it. By the issuer.</summary>
    public Task AddAuthorityAsync(long epoch, Authority authority, CancellationToken ct = default) =>
        IssueAsync<object>(AddAuthority(epoch, authority), ct);

    /// <summary>Moves an authority on. A root that was current stays trusted (as next) until it is retired by name. By the
    /// issuer.</summary>
    /// <exception cref="RegistryException">There is none of this fingerprint, or it is the current one.</exception>
    public Task ChangeAuthorityAsync(long epoch, string fingerprint, AuthorityState state, CancellationToken ct = default) =>
        IssueAsync<object>(new("SELECT gatehouse.change_authority($1, $2, $3)", epoch, fingerprint, state.ToWord()), ct);

    /// <summary>Files a revocation list in the place of its CA's last one. By the issuer.</summary>
    /// <exception cref="RegistryException">Its number is not higher than the last one's.</exception>
    public Task PutRevocationListAsync(long epoch, RevocationList list, CancellationToken ct = default) =>
        IssueAsync<object>(PutRevocationList(epoch, list), ct);

    /// <summary>The revocation lists, one for each CA.</summary>
    public Task<ImmutableArray<RevocationList>> RevocationListsAsync(CancellationToken ct = default) =>
        RowsAsync(
            new("SELECT authority, number, pem FROM gatehouse.revocation_lists ORDER BY authority"),
            r => new RevocationList(r.GetString(0), r.GetInt64(1), r.GetString(2)),
            ct
        );

    /// <summary>Makes an active node the issuer, in a new epoch. The old issuer's rights end with it.</summary>
    /// <param name="epoch">The epoch that is to end; of two promotions from the same one, the second is refused.</param>
    /// <param name="node">The node.</param>
    /// <param name="proof">What the master token proves itself with; the registry compares its SHA-256.</param>
    /// <param name="issuing">The node's new issuing authority, signed by the root.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The new epoch.</returns>
    /// <exception cref="StaleEpochException">The cluster is at a newer epoch.</exception>
    /// <exception cref="RegistryException">The token is another cluster's, or the node is not active.</exception>
    public Task<long> PromoteAsync(long epoch, int node, ReadOnlyMemory<byte> proof, Authority issuing, CancellationToken ct = default) =>
        IssueAsync<long>(new("SELECT gatehouse.promote($1, $2, $3, $4, $5)", epoch, node, proof, issuing.Fingerprint, issuing.Pem), ct);

    private static Statement AddCertificate(long epoch, int node, IssuedCertificate c) =>
        new(
            "SELECT gatehouse.add_certificate($1, $2, $3, $4, $5, $6, $7)",
            epoch,
            node,
            c.Serial,
            c.KeyHash,
            c.Pem,
            c.NotBefore,
            c.NotAfter
        );

    private static Statement AddAuthority(long epoch, Authority a) =>
        new(
            "SELECT gatehouse.add_authority($1, $2, $3, $4, $5, $6)",
            epoch,
            a.Fingerprint,
            a.Kind.ToWord(),
            a.State.ToWord(),
            a.Pem,
            a.SealedKey
        );

    private static Statement PutRevocationList(long epoch, RevocationList list) =>
        new("SELECT gatehouse.put_revocation_list($1, $2, $3, $4)", epoch, list.Authority, list.Number, list.Pem);
}

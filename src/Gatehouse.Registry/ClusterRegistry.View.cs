using System.Data;
using System.Net;
using Gatehouse.Core.Clusters;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Reading the cluster as a whole.</summary>
public sealed partial class ClusterRegistry
{
    private static readonly string[] ViewQueries =
    [
        "SELECT id, name, epoch, issuer, created, now() FROM gatehouse.cluster",
        """
            SELECT n.number, n.name, host(n.address), n.port, n.profile, n.location, n.state, h.release, h.settings_version,
              (SELECT max(c.not_after) FROM gatehouse.certificates c WHERE c.node = n.number AND c.revoked IS NULL), n.joined, h.at,
              CASE WHEN n.moved > now() - interval '1 day' THEN host(n.former) END, host(n.sync_address), n.sync_port,
              (SELECT (array_agg(c.fingerprint ORDER BY c.not_before DESC, c.serial))[1:3] FROM gatehouse.certificates c
                WHERE c.node = n.number AND c.revoked IS NULL AND c.not_after > now() AND c.fingerprint IS NOT NULL),
              n.votes_since
            FROM gatehouse.nodes n JOIN gatehouse.heartbeats h ON h.node = n.number ORDER BY n.number
            """,
        "SELECT coalesce(max(number), 0) FROM gatehouse.settings WHERE state IN ('following', 'good')",
        "SELECT pem FROM gatehouse.authorities WHERE kind = 'root' AND state <> 'retired' ORDER BY added, fingerprint",
        "SELECT pem FROM gatehouse.revocation_lists ORDER BY authority",
    ];

    /// <summary>Everything that members act by, read in one transaction.</summary>
    /// <exception cref="RegistryException">There is no cluster yet.</exception>
    public Task<ClusterView> ViewAsync(CancellationToken ct = default) =>
        UseAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
                await using var batch = new NpgsqlBatch(connection, transaction);
                batch.BatchCommands.Add(new NpgsqlBatchCommand("SET TRANSACTION READ ONLY"));
                foreach (var query in ViewQueries)
                    batch.BatchCommands.Add(new NpgsqlBatchCommand(query));
                await using var reader = await batch.ExecuteReaderAsync(ct);
                if (!await reader.ReadAsync(ct))
                    throw new RegistryException(
                        RegistryFailure.NoCluster,
                        "there is no cluster in this database yet; start one with: gatehouse bootstrap"
                    );
                var cluster = new Cluster(reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt32(3), reader.Time(4));
                var taken = reader.Time(5);
                await reader.NextResultAsync(ct);
                var nodes = await ReadAsync(reader, ReadNode, ct);
                await reader.NextResultAsync(ct);
                await reader.ReadAsync(ct);
                var wanted = reader.GetInt64(0);
                await reader.NextResultAsync(ct);
                var roots = await ReadAsync(reader, r => r.GetString(0), ct);
                await reader.NextResultAsync(ct);
                var lists = await ReadAsync(reader, r => r.GetString(0), ct);
                return new ClusterView
                {
                    Cluster = cluster,
                    Nodes = nodes,
                    WantedSettings = wanted,
                    Roots = roots,
                    RevocationLists = lists,
                    Taken = taken,
                };
            },
            ct
        );

    private static ClusterNode ReadNode(NpgsqlDataReader row) =>
        new()
        {
            Number = row.GetInt32(0),
            Name = row.GetString(1),
            Address = IPAddress.Parse(row.GetString(2)),
            Port = row.GetInt32(3),
            Profile = row.GetString(4),
            Location = row.GetString(5),
            State = row.Word<NodeState>(6),
            Release = row.GetString(7),
            SettingsVersion = row.GetInt64(8),
            CertificateExpires = row.TimeOrNull(9),
            Joined = row.Time(10),
            LastSeen = row.TimeOrNull(11),
            Former = row.TextOrNull(12) is { } former ? IPAddress.Parse(former) : null,
            SyncAddress = row.TextOrNull(13) is { } forwarded ? IPAddress.Parse(forwarded) : null,
            SyncPort = row.IsDBNull(14) ? null : row.GetInt32(14),
            Certificates = row.IsDBNull(15) ? null : [.. row.GetFieldValue<string[]>(15)],
            VotesSince = row.TimeOrNull(16),
        };
}

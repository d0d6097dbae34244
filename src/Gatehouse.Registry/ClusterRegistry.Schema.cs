using System.Collections.Immutable;
using System.Globalization;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>The schema: made and brought up to date over the local socket, looked at by members.</summary>
public sealed partial class ClusterRegistry
{
    private const long SchemaLock = 0x67617465686f7573;
    private const string Applied = "SELECT number, name, hash, at FROM gatehouse.migrations ORDER BY number";

    /// <summary>Makes the database when it is missing. Over the local socket only.</summary>
    /// <param name="directory">Where PostgreSQL's socket is.</param>
    /// <param name="port">The port that the socket is named by.</param>
    /// <param name="database">The database's name.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task CreateDatabaseAsync(
        string directory = "/var/run/postgresql",
        int port = 5432,
        string database = "gatehouse",
        CancellationToken ct = default
    )
    {
        await using var server = OpenLocal(directory, port, "postgres");
        await server.UseAsync(
            async connection =>
            {
                await using var look = new Statement("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).On(connection);
                if ((bool)(await look.ExecuteScalarAsync(ct))!)
                    return true;
                try
                {
                    await using var create = new NpgsqlCommand(
                        $"CREATE DATABASE {new NpgsqlCommandBuilder().QuoteIdentifier(database)} TEMPLATE template0 ENCODING 'UTF8'",
                        connection
                    );
                    await create.ExecuteNonQueryAsync(ct);
                }
                catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
                {
                    // Another run was faster.
                }

                return true;
            },
            ct
        );
    }

    /// <summary>Applies the migrations that are missing, each in a transaction of its own. Over the local socket only.</summary>
    /// <returns>How many were applied; 0 when the schema was up to date.</returns>
    /// <exception cref="RegistryException">The database is of a newer release, or one of its migrations is not the one of this
    /// release.</exception>
    public Task<int> MigrateAsync(CancellationToken ct = default) => MigrateAsync(Migration.All, ct);

    /// <summary>Makes sure that the schema is the one of this release.</summary>
    /// <exception cref="RegistryException">It is an older or a newer one, or there is none.</exception>
    public async Task CheckSchemaAsync(CancellationToken ct = default)
    {
        var applied = await RowsAsync(new(Applied), ReadApplied, ct);
        Compare(Migration.All, applied);
        if (applied.Length < Migration.All.Length)
        {
            throw new RegistryException(
                RegistryFailure.Schema,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the registry's schema is at {applied.Length} and this release needs {Migration.All.Length}; upgrade the database "
                        + $"hosts first"
                )
            );
        }
    }

    /// <summary>Whether the schema lacks migrations of this release.</summary>
    public async Task<bool> IsOlderAsync(CancellationToken ct = default) =>
        await ScalarAsync<long>(new("SELECT count(*) FROM gatehouse.migrations"), ct) < Migration.All.Length;

    internal Task<int> MigrateAsync(ImmutableArray<Migration> known, CancellationToken ct) =>
        UseAsync(
            async connection =>
            {
                // Two at once wait for each other; the lock ends with the connection, however that ends.
                await ScalarOnAsync<object>(connection, new("SELECT pg_advisory_lock($1)", SchemaLock), ct);
                try
                {
                    await EnsureTableAsync(connection, ct);
                    var applied = await AppliedAsync(connection, ct);
                    Compare(known, applied);
                    foreach (var migration in known.Skip(applied.Length))
                        await ApplyAsync(connection, migration, ct);
                    return known.Length - applied.Length;
                }
                finally
                {
                    await ScalarOnAsync<object>(connection, new("SELECT pg_advisory_unlock($1)", SchemaLock), CancellationToken.None);
                }
            },
            ct
        );

    private static async Task EnsureTableAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (await ScalarOnAsync<bool>(connection, new("SELECT to_regclass('gatehouse.migrations') IS NOT NULL"), ct))
            return;
        await using var command = new NpgsqlCommand(
            """
            CREATE SCHEMA IF NOT EXISTS gatehouse;
            CREATE TABLE gatehouse.migrations (
              number integer PRIMARY KEY,
              name text NOT NULL,
              hash text NOT NULL,
              at timestamptz NOT NULL DEFAULT now()
            );
            """,
            connection
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<ImmutableArray<AppliedMigration>> AppliedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Applied, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await ReadAsync(reader, ReadApplied, ct);
    }

    private static AppliedMigration ReadApplied(NpgsqlDataReader row) =>
        new(row.GetInt32(0), row.GetString(1), row.GetString(2), row.Time(3));

    private static void Compare(ImmutableArray<Migration> known, ImmutableArray<AppliedMigration> applied)
    {
        foreach (var (row, index) in applied.Select((a, i) => (a, i)))
        {
            if (index >= known.Length)
            {
                throw new RegistryException(
                    RegistryFailure.Schema,
                    $"the registry was brought to schema {applied[^1].Number} ({applied[^1].Name}) on {applied[^1].At.ToWords()}, and "
                        + $"this release knows {known.Length}; install the newer release here"
                );
            }

            if (row.Number != known[index].Number || row.Hash != known[index].Hash)
            {
                throw new RegistryException(
                    RegistryFailure.Schema,
                    $"schema {row.Number} ({row.Name}), applied on {row.At.ToWords()}, is not the one of this release "
                        + $"({known[index].Name}); this program or the database was tampered with, or made by another edition"
                );
            }
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var command = new NpgsqlCommand(migration.Sql, connection))
            await command.ExecuteNonQueryAsync(ct);
        await using (var reset = new NpgsqlCommand("RESET ROLE", connection))
            await reset.ExecuteNonQueryAsync(ct);
        await ScalarOnAsync<object>(
            connection,
            new(
                "INSERT INTO gatehouse.migrations (number, name, hash) VALUES ($1, $2, $3)",
                migration.Number,
                migration.Name,
                migration.Hash
            ),
            ct
        );
        await transaction.CommitAsync(ct);
    }

    private sealed record AppliedMigration(int Number, string Name, string Hash, DateTimeOffset At);
}

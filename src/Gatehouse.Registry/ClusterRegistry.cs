using System.Collections.Immutable;
using System.Globalization;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>
/// The PostgreSQL record of a cluster and its members. Every method is one transaction; what a login may do is enforced by
/// the database itself. All of them throw <see cref="RegistryException"/>: <see cref="RegistryUnreachableException"/> when no
/// host can be used, others as they say.
/// </summary>
public sealed partial class ClusterRegistry : IAsyncDisposable
{
    private const int PoolSize = 4;
    private readonly NpgsqlDataSource source;
    private readonly SemaphoreSlim places = new(PoolSize);
    private readonly SemaphoreSlim redeeming = new(1);
    private readonly CancellationTokenSource closing = new();
    private readonly Action forget;
    private readonly ImmutableArray<IDisposable> owned;
    private readonly TimeSpan limit;
    private readonly ImmutableArray<(DatabaseHost Host, Func<NpgsqlDataSource> Open)> hosts;

    private ClusterRegistry(
        NpgsqlDataSource source,
        ImmutableArray<(DatabaseHost Host, Func<NpgsqlDataSource> Open)> hosts,
        TimeSpan limit,
        Action forget,
        params ImmutableArray<IDisposable> owned
    ) => (this.source, this.hosts, this.limit, this.forget, this.owned) = (source, hosts, limit, forget, owned);

    /// <summary>The registry as a member reaches it: over TLS, on whichever host takes writes. Nothing is connected yet.</summary>
    /// <exception cref="RegistryException">The certificates or the key cannot be used, or no host is given.</exception>
    public static ClusterRegistry Open(DatabaseLogin login)
    {
        if (login.Hosts.IsDefaultOrEmpty)
            throw new RegistryException(RegistryFailure.Invalid, "no host of the registry's database is known; join a cluster first");
        var trust = new ServerTrust(login);
        var all = Builder(Settings(string.Join(',', login.Hosts), login), trust).BuildMultiHost();
        return new ClusterRegistry(
            all.WithTargetSession(TargetSessionAttributes.ReadWrite),
            [.. login.Hosts.Select(h => (h, (Func<NpgsqlDataSource>)(() => Single(h, login, trust))))],
            login.ConnectTimeout,
            all.ClearDatabaseStates,
            all,
            trust
        );
    }

    /// <summary>The registry as the administrator of its host reaches it: over the local socket, as the role <c>postgres</c>.</summary>
    /// <param name="directory">Where the socket is; on Debian <c>/var/run/postgresql</c>.</param>
    /// <param name="port">The port that the socket is named by.</param>
    /// <param name="database">The database.</param>
    public static ClusterRegistry OpenLocal(string directory = "/var/run/postgresql", int port = 5432, string database = "gatehouse")
    {
        var host = new DatabaseHost(directory, port);
        var settings = Common(
            new NpgsqlConnectionStringBuilder
            {
                Host = directory,
                Port = port,
                Username = "postgres",
                Database = database,
                SslMode = SslMode.Disable,
            },
            TimeSpan.FromSeconds(5)
        );
        return new ClusterRegistry(
            Builder(settings, null).Build(),
            [(host, () => Builder(Unpooled(settings), null).Build())],
            TimeSpan.FromSeconds(5),
            () => { }
        );
    }

    /// <summary>The connections themselves, to try out what a login may not do.</summary>
    internal NpgsqlDataSource Source => source;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Who still uses a connection may give it back later; who listens would never.
        await closing.CancelAsync();
        await source.DisposeAsync();
        foreach (var part in owned)
            part.Dispose();
    }

    /// <summary>TLS or nothing. Chain and name are verified in full by <see cref="ServerTrust"/>, beside which the driver allows no other
    /// mode.</summary>
    private static NpgsqlConnectionStringBuilder Settings(string hosts, DatabaseLogin login) =>
        Common(
            new NpgsqlConnectionStringBuilder
            {
                Host = hosts,
                Username = login.Node,
                Database = login.Database,
                SslMode = SslMode.Require,
                Options = Behind(login.Administrator),
            },
            login.ConnectTimeout
        );

    // As PostgreSQL reads options: blanks end a word unless a backslash stands before them. What could not be a name is left out.
    private static string? Behind(string? administrator)
    {
        var name = new string([
            .. (administrator ?? "").Where(c => char.IsAsciiLetterOrDigit(c) || "_.@$ -".Contains(c, StringComparison.Ordinal)).Take(100),
        ]);
        return name.Length == 0 ? null : $"-c gatehouse.administrator={name.Replace(" ", "\\ ", StringComparison.Ordinal)}";
    }

    private static NpgsqlConnectionStringBuilder Common(NpgsqlConnectionStringBuilder settings, TimeSpan limit)
    {
        settings.ApplicationName = "gatehouse";
        settings.Timeout = (int)Math.Ceiling(limit.TotalSeconds);
        settings.CommandTimeout = 30;
        settings.MaxPoolSize = PoolSize;
        settings.KeepAlive = 15;
        settings.HostRecheckSeconds = 2;
        settings.GssEncryptionMode = GssEncryptionMode.Disable;
        return settings;
    }

    private static NpgsqlConnectionStringBuilder Unpooled(NpgsqlConnectionStringBuilder settings) =>
        new(settings.ConnectionString) { Pooling = false };

    private static NpgsqlDataSource Single(DatabaseHost host, DatabaseLogin login, ServerTrust trust) =>
        Builder(Unpooled(Settings(host.ToString(), login)), trust).Build();

    private static NpgsqlSlimDataSourceBuilder Builder(NpgsqlConnectionStringBuilder settings, ServerTrust? trust)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableArrays();
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        if (trust is null)
            return builder;
        builder.EnableTransportSecurity();
        builder.UseSslClientAuthenticationOptionsCallback(trust.Prepare);
        return builder;
    }

    private async Task<Lease> ConnectAsync(CancellationToken ct)
    {
        await places.WaitAsync(ct);
        try
        {
            return new Lease(await OpenAsync(ct), places);
        }
        catch
        {
            places.Release();
            throw;
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        try
        {
            return await source.OpenConnectionAsync(ct);
        }
        catch (Exception e) when (Failures.IsOfConnecting(e))
        {
            var answers = await Reachability.AskAsync(hosts, limit, ct);
            if (!answers.Any(a => a.Usable))
                throw Reachability.Explain(answers, e);
            try
            {
                // A host that failed is passed over for a while; one that is back need not wait for that.
                forget();
                return await source.OpenConnectionAsync(ct);
            }
            catch (Exception again) when (Failures.IsOfConnecting(again))
            {
                throw Reachability.Explain(answers, again);
            }
        }
    }

    /// <summary>Runs work on a connection and puts what goes wrong in our words.</summary>
    private async Task<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken ct)
    {
        NpgsqlException failure;
        await using (var lease = await ConnectAsync(ct))
        {
            try
            {
                return await work(lease.Connection);
            }
            catch (NpgsqlException e)
            {
                failure = e;
            }
        }

        throw await ExplainAsync(failure, ct);
    }

    /// <summary>A node that was the issuer has lost its rights with the promotion of another; that is the news, not the missing
    /// right.</summary>
    private async Task<RegistryException> ExplainAsync(NpgsqlException e, CancellationToken ct)
    {
        var failure = Failures.Of(e);
        if (failure.Failure != RegistryFailure.NotPermitted || e.Data[EpochKey] is not long epoch)
            return failure;
        try
        {
            var now = await ScalarAsync<long>(new("SELECT epoch FROM gatehouse.cluster"), ct);
            return now > epoch
                ? new StaleEpochException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"this was to be done by epoch {epoch}, and the cluster is at epoch {now}: another node was promoted to be the "
                            + $"issuer; do it there"
                    ),
                    e
                )
                : new RegistryException(
                    RegistryFailure.NotPermitted,
                    "only the issuer may do that, and this node is not the issuer: 'gatehouse node list' shows which node is. If another "
                        + "node has just been promoted, run the command again",
                    e
                );
        }
        catch (RegistryException)
        {
            return failure;
        }
    }

    private const string EpochKey = "gatehouse.epoch";

    /// <summary>Runs a statement that only the issuer may run; its first value is the epoch it acts by.</summary>
    private Task<T> IssueAsync<T>(Statement statement, CancellationToken ct) =>
        UseAsync(connection => MarkAsync((long)statement.Values[0]!, () => ScalarOnAsync<T>(connection, statement, ct)), ct);

    private static async Task<T> MarkAsync<T>(long epoch, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (PostgresException e)
        {
            e.Data[EpochKey] = epoch;
            throw;
        }
    }

    private Task<T> ScalarAsync<T>(Statement statement, CancellationToken ct) =>
        UseAsync(connection => ScalarOnAsync<T>(connection, statement, ct), ct);

    private Task<ImmutableArray<T>> RowsAsync<T>(Statement statement, Func<NpgsqlDataReader, T> row, CancellationToken ct) =>
        UseAsync(
            async connection =>
            {
                await using var command = statement.On(connection);
                await using var reader = await command.ExecuteReaderAsync(ct);
                return await ReadAsync(reader, row, ct);
            },
            ct
        );

    private static async Task<ImmutableArray<T>> ReadAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> row, CancellationToken ct)
    {
        var rows = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(row(reader));
        return rows.ToImmutable();
    }

    private static async Task<T> ScalarOnAsync<T>(NpgsqlConnection connection, Statement statement, CancellationToken ct)
    {
        await using var command = statement.On(connection);
        return await command.ExecuteScalarAsync(ct) is T value ? value : default!;
    }
}

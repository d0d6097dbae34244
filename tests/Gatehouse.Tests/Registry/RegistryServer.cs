using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Registry;
using Npgsql;
using Xunit;

namespace Gatehouse.Tests.Registry;

/// <summary>
/// A PostgreSQL server of our own, set up as a cluster's is: local socket for the administrator, TLS with client certificates
/// for everybody else. A shell watches over it: when these tests end, however they end, it stops the server and takes its
/// files away.
/// </summary>
public sealed class RegistryServer : IAsyncLifetime
{
    private readonly ServerTrustFiles? given;

    private const string Script = """
        set -eu
        dir=$1 bin=$2 me=$(id -un)
        as="setpriv --pdeathsig INT"
        if [ "$me" = root ]; then
          as="setpriv --reuid postgres --regid postgres --init-groups --pdeathsig INT"
          chown -R postgres:postgres "$dir"
        fi
        server=
        finish() {
          [ -z "$server" ] || { kill -INT "$server" 2>/dev/null || true; wait "$server" || true; }
          rm -rf "$dir"
        }
        trap finish EXIT
        trap 'exit 1' HUP INT TERM
        cd "$dir"
        $as "$bin/initdb" -D "$dir/data" -U postgres -A reject -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
        $as cp "$dir/postgresql.auto.conf" "$dir/pg_hba.conf" "$dir/pg_ident.conf" "$dir/data/"
        # Files become the server's own; -D and nothing else, so that the settings are all in one place.
        ( exec $as "$bin/postgres" -D "$dir/data" >"$dir/log" 2>&1 </dev/null ) &
        server=$!
        # Ends with the tests' end of the pipe, or after half an hour.
        timeout 1800 cat >/dev/null || true
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-registry-").FullName;
    private Process? watcher;
    private int databases;

    public RegistryServer() { }

    /// <summary>One that shows a certificate of a cluster's own CA, and knows its revocation lists.</summary>
    internal RegistryServer(ServerTrustFiles given) => this.given = given;

    internal TestAuthority Authority { get; } = new();

    /// <summary>The serial number of the certificate that the server shows.</summary>
    internal string Serial { get; private set; } = "";

    internal int Port { get; } = FreePort();

    internal string Socket => directory;

    public async Task InitializeAsync()
    {
        var bin =
            Directory
                .EnumerateDirectories("/usr/lib/postgresql")
                .Select(d => Path.Combine(d, "bin"))
                .Where(d => File.Exists(Path.Combine(d, "initdb")))
                .Order()
                .LastOrDefault()
            ?? throw new InvalidOperationException("PostgreSQL is needed for these tests: apt-get install postgresql-15");
        var server = Authority.Issue("db.test", "127.0.0.1");
        Serial = server.Issued.Serial;
        var files = given ?? new ServerTrustFiles(server.Chain, server.Key.Reveal(), Authority.RootPem, "");
        Write("server.crt", files.Certificate);
        Write("server.key", files.Key);
        Write("ca.crt", files.Roots);
        Write("revoked.crl", files.Lists);
        Write(
            "postgresql.auto.conf",
            $"""
            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = '{directory}'
            max_connections = 200
            shared_buffers = 32MB
            fsync = off
            ssl = on
            ssl_min_protocol_version = 'TLSv1.3'
            ssl_cert_file = '{directory}/server.crt'
            ssl_key_file = '{directory}/server.key'
            ssl_ca_file = '{directory}/ca.crt'
            ssl_crl_file = '{(files.Lists.Length == 0 ? "" : $"{directory}/revoked.crl")}'

            """
        );
        Write(
            "pg_hba.conf",
            """
            local   all all peer map=local
            hostssl all all 127.0.0.1/32 cert map=cluster clientname=CN

            """
        );
        Write(
            "pg_ident.conf",
            $"""
            local   {Environment.UserName} postgres
            local   postgres postgres
            cluster /^(.*)$ \1

            """
        );
        watcher = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", Script, "registry-server", directory, bin])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
            }
        );
        for (var end = DateTime.UtcNow.AddSeconds(60); ; )
        {
            if (watcher!.HasExited)
                throw new InvalidOperationException($"PostgreSQL did not start: {await watcher.StandardError.ReadToEndAsync()}");
            try
            {
                await using var registry = ClusterRegistry.OpenLocal(directory, Port, "postgres");
                await using var connection = await registry.Source.OpenConnectionAsync();
                return;
            }
            catch (Exception e) when (e is NpgsqlException or SocketException && DateTime.UtcNow < end)
            {
                await Task.Delay(50);
            }
        }
    }

    public async Task DisposeAsync()
    {
        if (watcher is null)
            return;
        watcher.StandardInput.Close();
        await watcher.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
        watcher.Dispose();
    }

    /// <summary>The server learns of other revocation lists, as after an apply on its host.</summary>
    internal async Task LearnAsync(string lists)
    {
        // It reads them as its own user, whom the file belongs to already.
        await File.WriteAllTextAsync(Path.Combine(directory, "revoked.crl"), lists);
        await using var registry = ClusterRegistry.OpenLocal(directory, Port, "postgres");
        await using var command = registry.Source.CreateCommand("SELECT pg_reload_conf()");
        await command.ExecuteScalarAsync();
    }

    /// <summary>An empty database, as the administrator of the host sees it.</summary>
    internal async Task<(string Name, ClusterRegistry Local)> NewDatabaseAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");
        await ClusterRegistry.CreateDatabaseAsync(Socket, Port, name);
        return (name, ClusterRegistry.OpenLocal(Socket, Port, name));
    }

    /// <summary>A cluster with its first node.</summary>
    internal async Task<TestCluster> NewClusterAsync()
    {
        var (name, local) = await NewDatabaseAsync();
        await local.MigrateAsync();
        var cluster = new TestCluster(this, name, local);
        await local.InitialiseAsync(cluster.Beginning());
        return cluster;
    }

    internal DatabaseLogin Login(string database, string node, Identity identity) =>
        new()
        {
            Hosts = [new DatabaseHost("127.0.0.1", Port)],
            Node = node,
            Roots = [Authority.RootPem],
            Certificate = identity.Chain,
            Key = identity.Key,
            Database = database,
        };

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(directory, file);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}

/// <summary>What a server shows and whom it believes, PEM.</summary>
internal sealed record ServerTrustFiles(string Certificate, string Key, string Roots, string Lists);

/// <summary>The tests that share the server; one after the other.</summary>
[CollectionDefinition("registry")]
public sealed class RegistryCollection : ICollectionFixture<RegistryServer>;

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class LoginTests(RegistryServer server)
{
    [Fact]
    public async Task A_certificate_lets_in_under_its_own_name_alone()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        var identity = server.Authority.Issue(node.Name);
        await cluster.Open(node.Name, identity).ViewAsync();
        foreach (var other in new[] { cluster.FirstName, "postgres", "gatehouse_owner", "gatehouse_node" })
        {
            var e = await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(other, identity).ViewAsync());
            Assert.Contains("certificate authentication failed", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        await using var cluster = await server.NewClusterAsync();
        await FailureAsync(
            RegistryFailure.Unreachable,
            () => cluster.Open(cluster.FirstName, new TestAuthority().Issue(cluster.FirstName)).ViewAsync()
        );
    }

    [Fact]
    public async Task Without_a_client_certificate_nobody_gets_in()
    {
        await using var cluster = await server.NewClusterAsync();
        await using var connection = new Npgsql.NpgsqlConnection(
            $"Host=127.0.0.1;Port={server.Port};Username={cluster.FirstName};Database={cluster.Database};SslMode=Require"
        );
        var e = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => connection.OpenAsync());
        Assert.Contains("valid client certificate", e.MessageText, StringComparison.Ordinal);
        await using var plain = new Npgsql.NpgsqlConnection(
            $"Host=127.0.0.1;Port={server.Port};Username={cluster.FirstName};Database={cluster.Database};SslMode=Disable"
        );
        e = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => plain.OpenAsync());
        Assert.Contains("no pg_hba.conf entry", e.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_whose_certificate_is_for_another_name_is_refused()
    {
        await using var cluster = await server.NewClusterAsync();
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity) with
        {
            Hosts = [new DatabaseHost("localhost", server.Port)],
        };
        var e = await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(login).ViewAsync());
        Assert.Contains("is not for localhost", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_no_root_of_ours_vouches_for_is_refused()
    {
        await using var cluster = await server.NewClusterAsync();
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity);
        var e = await FailureAsync(
            RegistryFailure.Unreachable,
            () => cluster.Open(login with { Roots = [new TestAuthority().RootPem] }).ViewAsync()
        );
        Assert.Contains("is not one of this cluster", e.Message, StringComparison.Ordinal);
        await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(login with { Roots = [] }).ViewAsync());
        // While the root is rotated both are trusted.
        await cluster.Open(login with { Roots = [new TestAuthority().RootPem, server.Authority.RootPem] }).ViewAsync();
    }

    [Fact]
    public async Task A_database_whose_certificate_has_ended_is_refused()
    {
        await using var cluster = await server.NewClusterAsync();
        var ended = server.Authority.Issue("db.example.org", DateTimeOffset.UtcNow.AddMinutes(-1), "127.0.0.1");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, ended);
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity) with
        {
            Hosts = [new DatabaseHost("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port)],
        };
        var e = await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(login).ViewAsync());
        Assert.Matches("its certificate \\(.*CN=db.example.org.*\\) is good from .* UTC, and here it is .* UTC", e.Message);
        listener.Stop();
        await answering;
    }

    // As far as a database comes before it is believed: it agrees to TLS (PostgreSQL's SSLRequest), and shows a certificate.
    private static async Task AnswerAsync(TcpListener listener, Identity identity)
    {
        using var leaf = X509Certificate2.CreateFromPem(identity.Chain, identity.Key.Reveal());
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(identity.Chain);
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await ShowAsync(client.GetStream(), SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true));
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The test has ended, and with it the listening.
        }
    }

    private static async Task ShowAsync(Stream stream, SslStreamCertificateContext shown)
    {
        try
        {
            await stream.ReadExactlyAsync(new byte[8]);
            await stream.WriteAsync("S"u8.ToArray());
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = shown });
            await tls.ReadExactlyAsync(new byte[1]);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // It was refused.
        }
    }

    [Fact]
    public async Task A_database_whose_certificate_was_revoked_is_refused()
    {
        await using var cluster = await server.NewClusterAsync();
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity);
        var e = await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(login with { Revoked = [server.Serial] }).ViewAsync());
        Assert.Contains("was revoked", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_host_that_was_tried_is_named_with_its_reason()
    {
        await using var cluster = await server.NewClusterAsync();
        var closed = RegistryServer.FreePort();
        // With a label that is too long for DNS nobody is asked for it, however far away the resolvers of this machine are.
        var nowhere = $"{new string('x', 64)}.invalid";
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity) with
        {
            Hosts = [new("127.0.0.1", closed), new(nowhere), new("localhost", server.Port), new("::1", closed)],
        };
        var e = Assert.IsType<RegistryUnreachableException>(
            await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(login).ViewAsync())
        );
        Assert.Equal(4, e.Hosts.Length);
        Assert.Contains($"127.0.0.1:{closed}: connection refused", e.Message, StringComparison.Ordinal);
        Assert.Contains($"{nowhere}:5432: the name cannot be resolved", e.Message, StringComparison.Ordinal);
        Assert.Contains($"localhost:{server.Port}: its certificate", e.Message, StringComparison.Ordinal);
        Assert.Contains($"[::1]:{closed}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_host_in_the_list_is_passed_over()
    {
        await using var cluster = await server.NewClusterAsync();
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity);
        await cluster.Open(login with { Hosts = [new("127.0.0.1", RegistryServer.FreePort()), .. login.Hosts] }).ViewAsync();
    }

    [Fact]
    public async Task A_silent_host_does_not_hold_up_for_long()
    {
        await using var cluster = await server.NewClusterAsync();
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        var login = server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity) with
        {
            Hosts = [new("127.0.0.1", port)],
            ConnectTimeout = TimeSpan.FromSeconds(1),
        };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var e = await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(login).ViewAsync());
        Assert.Contains("did not answer", e.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Fact]
    public void A_key_of_another_certificate_is_told_before_anything_is_sent()
    {
        var login = server.Login("x", "a.b", server.Authority.Issue("a.b"));
        var e = Assert.Throws<RegistryException>(() => ClusterRegistry.Open(login with { Key = server.Authority.Issue("a.b").Key }));
        Assert.Equal(RegistryFailure.Invalid, e.Failure);
        Assert.DoesNotContain("PRIVATE", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_at_once_than_the_pool_holds_wait_in_line()
    {
        await using var cluster = await server.NewClusterAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => cluster.First.ViewAsync()));
        Assert.InRange(
            (long)(await cluster.AdministratorAsync($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{cluster.FirstName}'"))!,
            1,
            4
        );
    }

    [Fact]
    public async Task A_registry_that_is_closed_leaves_no_connection_behind()
    {
        await using var cluster = await server.NewClusterAsync();
        await using (var registry = ClusterRegistry.Open(server.Login(cluster.Database, cluster.FirstName, cluster.FirstIdentity)))
            await registry.ViewAsync();
        for (var tries = 0; tries < 100 && await CountAsync() > 0; tries++)
            await Task.Delay(20);
        Assert.Equal(0, await CountAsync());

        async Task<long> CountAsync() =>
            (long)(await cluster.AdministratorAsync($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{cluster.FirstName}'"))!;
    }
}

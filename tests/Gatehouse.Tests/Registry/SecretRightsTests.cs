using Gatehouse.Core.Settings;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>A member reads the secrets of its own duties, and replaces none.</summary>
[Collection("registry")]
public sealed class SecretRightsTests(RegistryServer server)
{
    private static readonly string[] Names =
    [
        "backend.database_password-3",
        "backend.queue_password-3",
        "backend.redis_password-3",
        SharedSecret.ErlangCookie,
        SharedSecret.RedisPassword,
        SharedSecret.WebPassword,
        "later.unknown",
        "mta.smart_host_password-2",
        "web.password-2",
    ];

    [Fact]
    public async Task The_registry_holds_the_table_of_the_program()
    {
        await using var cluster = await server.NewClusterAsync();
        Assert.Equal(
            string.Join(' ', SecretDuties.All.Select(d => $"{d.Prefix}:{d.Duty}").Order(StringComparer.Ordinal)),
            await cluster.AdministratorAsync(
                "SELECT string_agg(prefix || ':' || duty, ' ' ORDER BY prefix || ':' || duty COLLATE \"C\") FROM gatehouse.secret_duties"
            )
        );
    }

    [Theory]
    [InlineData("mail", "backend.redis_password-3 cluster.redis-password mta.smart_host_password-2")]
    [InlineData("web", "cluster.web-password web.password-2")]
    [InlineData("cache", "cluster.redis-password")]
    [InlineData("mq", "cluster.erlang-cookie")]
    [InlineData("indexer", "")]
    [InlineData("balancer", "")]
    [InlineData("database", null)]
    public async Task A_node_reads_the_secrets_of_its_duties(string profile, string? expected)
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("n2", 10, profile);
        foreach (var name in Names)
            await cluster.First.PutSecretAsync(new(name, "k1", "sealed"));
        var all = string.Join(' ', Names);
        Assert.Equal(all, Text(await cluster.First.SecretsAsync()));
        Assert.Equal(expected ?? all, Text(await node.Registry.SecretsAsync()));
        Assert.Equal(expected ?? all, Text(await cluster.First.SecretsOfProfileAsync(profile)));
        foreach (var name in Names)
            Assert.Equal((expected ?? all).Split(' ').Contains(name), await node.Registry.SecretAsync(name) is not null);

        static string Text(IEnumerable<SealedSecret> secrets) =>
            string.Join(' ', secrets.Select(s => s.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_node_adds_a_secret_and_replaces_none()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await cluster.First.PutSecretAsync(new("web.password-2", "k1", "of the issuer"));
        Assert.Equal("GH009", await TryAsync(hostile.Registry, "SELECT gatehouse.put_secret('web.password-2', 'k1', 'hostile')"));
        await hostile.Registry.AddSecretAsync(new("web.password-2", "k1", "hostile"));
        Assert.Equal("of the issuer", (await cluster.First.SecretAsync("web.password-2"))!.Sealed);
        // Its own neither, once it is there: versions of the settings name it.
        await hostile.Registry.PutSecretAsync(new("web.password-3", "k1", "proposed"));
        Assert.Equal("GH009", await TryAsync(hostile.Registry, "SELECT gatehouse.put_secret('web.password-3', 'k1', 'hostile')"));
        Assert.Null(await hostile.Registry.SecretAsync("web.password-3"));
        await cluster.First.PutSecretAsync(new("web.password-3", "k2", "sealed anew"));
        Assert.Equal("sealed anew", (await cluster.First.SecretAsync("web.password-3"))!.Sealed);
    }

    [Fact]
    public async Task What_the_cluster_makes_for_itself_comes_from_a_node_that_uses_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var mail = await cluster.JoinAsync("mx1", 10);
        Assert.Equal("GH009", await TryAsync(mail.Registry, $"SELECT gatehouse.add_secret('{SharedSecret.WebPassword}', 'k1', 'hostile')"));
        Assert.Equal("GH009", await TryAsync(mail.Registry, "SELECT gatehouse.put_secret('cluster.anything', 'k1', 'hostile')"));
        Assert.Equal("", await TryAsync(mail.Registry, $"SELECT gatehouse.add_secret('{SharedSecret.RedisPassword}', 'k1', 'sealed')"));
    }

    [Fact]
    public async Task A_node_fills_no_disk_with_secrets()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        Assert.Equal("GH009", await TryAsync(hostile.Registry, "SELECT gatehouse.put_secret('web.long', 'k1', repeat('x', 16385))"));
        Assert.Equal(
            "",
            await TryAsync(hostile.Registry, "SELECT gatehouse.put_secret('web.' || i, 'k1', 'x') FROM generate_series(1, 200) i")
        );
        Assert.Equal("GH009", await TryAsync(hostile.Registry, "SELECT gatehouse.put_secret('web.one-more', 'k1', 'x')"));
    }
}

using System.Collections.Immutable;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class MigrationTests(RegistryServer server)
{
    [Fact]
    public void They_are_numbered_without_gaps() =>
        Assert.Equal(Enumerable.Range(1, Migration.All.Length), Migration.All.Select(m => m.Number));

    [Fact]
    public async Task Applying_them_again_does_nothing()
    {
        var (_, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        Assert.Equal(Migration.All.Length, await local.MigrateAsync());
        Assert.Equal(0, await local.MigrateAsync());
        await local.CheckSchemaAsync();
    }

    [Fact]
    public async Task Two_at_once_apply_each_once()
    {
        var (name, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        await using var other = ClusterRegistry.OpenLocal(server.Socket, server.Port, name);
        var applied = await Task.WhenAll(local.MigrateAsync(), other.MigrateAsync());
        Assert.Equal([0, Migration.All.Length], applied.Order());
    }

    [Fact]
    public async Task A_changed_one_is_refused()
    {
        var (_, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        await local.MigrateAsync();
        var changed = Migration.All.SetItem(2, Migration.All[2] with { Sql = "SELECT 1" });
        var e = await TestCluster.FailureAsync(
            RegistryFailure.Schema,
            () => local.MigrateAsync([.. changed.Select(m => new Migration(m.Number, m.Name, m.Sql))], default)
        );
        Assert.Contains("schema 3 (members)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_release_refuses_a_newer_schema()
    {
        var (_, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        await local.MigrateAsync();
        var e = await TestCluster.FailureAsync(RegistryFailure.Schema, () => local.MigrateAsync(Migration.All[..^1], default));
        Assert.Contains("install the newer release", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_fails_leaves_those_before_it()
    {
        var (_, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        ImmutableArray<Migration> broken =
        [
            .. Migration.All.Take(2),
            new Migration(3, "broken", "CREATE TABLE gatehouse.half (a integer); SELECT 1 / 0;"),
        ];
        await Assert.ThrowsAnyAsync<RegistryException>(() => local.MigrateAsync(broken, default));
        Assert.Equal(Migration.All.Length - 2, await local.MigrateAsync());
    }

    [Fact]
    public async Task A_database_without_a_schema_says_so_to_members()
    {
        var (_, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        await TestCluster.FailureAsync(RegistryFailure.Schema, () => local.CheckSchemaAsync());
    }
}

using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class RemovalTests(RegistryServer server)
{
    [Fact]
    public async Task A_removed_node_is_out_at_once()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await using var open = await node.Registry.Source.OpenConnectionAsync();
        Assert.True(await cluster.First.RemoveNodeAsync(1, node.Number, "sold"));
        Assert.False(await cluster.First.RemoveNodeAsync(1, node.Number, "sold"));
        await FailureAsync(RegistryFailure.Unreachable, () => node.Registry.ViewAsync());
        await FailureAsync(RegistryFailure.Unreachable, () => cluster.Open(node.Name, server.Authority.Issue(node.Name)).ViewAsync());
        await using var command = new Npgsql.NpgsqlCommand("SELECT 1", open);
        await Assert.ThrowsAnyAsync<Npgsql.NpgsqlException>(() => command.ExecuteScalarAsync());
        Assert.Equal(0L, await cluster.AdministratorAsync($"SELECT count(*) FROM pg_roles WHERE rolname = '{node.Name}'"));
        var view = await cluster.First.ViewAsync();
        Assert.Equal(NodeState.Removed, view.Node(node.Number)!.State);
        Assert.Null(view.Node(node.Number)!.CertificateExpires);
        Assert.Single(view.Members);
        var certificate = (await cluster.First.CertificatesAsync()).Single(c => c.Node == node.Number);
        Assert.NotNull(certificate.Revoked);
        Assert.Contains("sold", (await cluster.First.EventsAsync()).Last().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_name_and_address_are_free_again_and_its_number_is_not()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await cluster.First.RemoveNodeAsync(1, node.Number, "repaired");
        var again = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(3, again.Number);
        Assert.Equal(3, (await again.Registry.ViewAsync()).Member(node.Name)!.Number);
    }

    [Fact]
    public async Task What_a_hostile_node_hung_on_its_login_does_not_keep_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        Assert.Equal("", await TryAsync(node.Registry, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO gatehouse_node"));
        Assert.Equal("", await TryAsync(node.Registry, "ALTER ROLE CURRENT_USER SET search_path = pg_temp"));
        Assert.Equal("", await TryAsync(node.Registry, "ALTER ROLE CURRENT_USER PASSWORD 'x'"));
        Assert.True(await cluster.First.RemoveNodeAsync(1, node.Number, "hostile"));
        Assert.Equal(0L, await cluster.AdministratorAsync($"SELECT count(*) FROM pg_roles WHERE rolname = '{node.Name}'"));
    }

    [Fact]
    public async Task The_issuer_cannot_be_removed_and_a_member_can_leave()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("mx1", 10);
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.RemoveNodeAsync(1, 1, "x"));
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.LeaveAsync());
        await FailureAsync(RegistryFailure.NotFound, () => cluster.First.RemoveNodeAsync(1, 77, "x"));
        await node.Registry.LeaveAsync();
        Assert.Equal(NodeState.Leaving, (await cluster.First.ViewAsync()).Node(node.Number)!.State);
        await cluster.First.RemoveNodeAsync(1, node.Number, "left");
        var e = await FailureAsync(RegistryFailure.NotFound, () => cluster.First.ActivateAsync(1, node.Number));
        Assert.Contains("was removed from this cluster on", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_are_renewed_and_revoked_one_by_one()
    {
        await using var cluster = await server.NewClusterAsync();
        var renewed = server.Authority.Issue(cluster.FirstName).Issued;
        await cluster.First.AddCertificateAsync(1, 1, renewed);
        Assert.Equal(2, (await cluster.First.CertificatesAsync()).Length);
        Assert.True(await cluster.First.RevokeCertificateAsync(1, renewed.Serial, "stolen"));
        Assert.False(await cluster.First.RevokeCertificateAsync(1, renewed.Serial, "stolen"));
        Assert.Equal("stolen", (await cluster.First.CertificatesAsync()).Single(c => c.Issued.Serial == renewed.Serial).Why);
        await FailureAsync(RegistryFailure.NotFound, () => cluster.First.RevokeCertificateAsync(1, "0123", "x"));
        await cluster.First.PutRevocationListAsync(1, new(server.Authority.Issuing.Fingerprint, 2, "newer"));
        await FailureAsync(
            RegistryFailure.Conflict,
            () => cluster.First.PutRevocationListAsync(1, new(server.Authority.Issuing.Fingerprint, 2, "same"))
        );
        Assert.Contains("newer", (await cluster.First.ViewAsync()).RevocationLists);
    }

    [Fact]
    public async Task The_root_rotates_in_steps()
    {
        await using var cluster = await server.NewClusterAsync();
        var old = server.Authority.Root;
        var next = new TestAuthority().Root with { State = AuthorityState.Next };
        await cluster.First.AddAuthorityAsync(1, next);
        Assert.Equal(2, (await cluster.First.ViewAsync()).Roots.Length);
        await FailureAsync(
            RegistryFailure.NotAllowed,
            () => cluster.First.ChangeAuthorityAsync(1, old.Fingerprint, AuthorityState.Retired)
        );
        await cluster.First.ChangeAuthorityAsync(1, next.Fingerprint, AuthorityState.Current);
        Assert.Equal(2, (await cluster.First.ViewAsync()).Roots.Length);
        await cluster.First.ChangeAuthorityAsync(1, old.Fingerprint, AuthorityState.Retired);
        Assert.Equal([next.Pem], (await cluster.First.ViewAsync()).Roots.AsEnumerable());
    }
}

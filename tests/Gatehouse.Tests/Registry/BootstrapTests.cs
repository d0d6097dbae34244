using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class BootstrapTests(RegistryServer server)
{
    [Fact]
    public async Task The_first_node_sees_its_cluster()
    {
        await using var cluster = await server.NewClusterAsync();
        var view = await cluster.First.ViewAsync();
        Assert.Equal((cluster.Id, "Post", 1L, 1), (view.Cluster.Id, view.Cluster.Name, view.Cluster.Epoch, view.Cluster.Issuer));
        var node = Assert.Single(view.Members);
        Assert.Equal(
            (1, cluster.FirstName, NodeState.Active, "192.0.2.1", "database"),
            (node.Number, node.Name, node.State, node.Address.ToString(), node.Profile)
        );
        Assert.Equal(cluster.FirstIdentity.Issued.NotAfter, node.CertificateExpires);
        Assert.Null(node.LastSeen);
        Assert.Equal(1, view.WantedSettings);
        Assert.Equal([server.Authority.RootPem], view.Roots.AsEnumerable());
        Assert.Equal(2, view.RevocationLists.Length);
        Assert.InRange(view.Taken, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal("system: {}\n", await cluster.First.NodeAnswersAsync(1));
        Assert.Equal(
            ("version: 1\n", SettingsState.Good),
            ((await cluster.First.SettingsAsync(1))!.Answers, (await cluster.First.SettingsAsync(1))!.State)
        );
        Assert.Equal("sealed root key", (await cluster.First.AuthoritiesAsync()).Single(a => a.Kind == AuthorityKind.Root).SealedKey);
    }

    [Fact]
    public async Task A_second_cluster_is_refused_and_the_first_is_named()
    {
        await using var cluster = await server.NewClusterAsync();
        var e = await TestCluster.FailureAsync(RegistryFailure.ClusterExists, () => cluster.Local.InitialiseAsync(cluster.Beginning()));
        Assert.Contains($"Post ({cluster.Id})", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_at_once_one_wins()
    {
        var (name, local) = await server.NewDatabaseAsync();
        await local.MigrateAsync();
        await using var cluster = new TestCluster(server, name, local);
        await using var other = ClusterRegistry.OpenLocal(server.Socket, server.Port, name);
        var all = await Task.WhenAll(OutcomeAsync(local), OutcomeAsync(other));
        Assert.Equal(["ClusterExists", "won"], all.Order());
        Assert.Single((await cluster.First.ViewAsync()).Nodes);

        async Task<string> OutcomeAsync(ClusterRegistry registry)
        {
            try
            {
                await registry.InitialiseAsync(cluster.Beginning());
                return "won";
            }
            catch (RegistryException e)
            {
                return e.Failure.ToString();
            }
        }
    }

    [Fact]
    public async Task An_empty_database_says_what_to_do()
    {
        var (_, local) = await server.NewDatabaseAsync();
        await using var closing = local;
        await local.MigrateAsync();
        var e = await TestCluster.FailureAsync(RegistryFailure.NoCluster, () => local.ViewAsync());
        Assert.Contains("gatehouse bootstrap", e.Message, StringComparison.Ordinal);
    }
}

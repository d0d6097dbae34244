using System.Net;
using System.Security.Cryptography;
using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Registry;

/// <summary>A cluster that begins again in an empty database.</summary>
[Collection("registry")]
public sealed class RestoreTests(RegistryServer server)
{
    [Fact]
    public async Task It_has_its_id_epoch_settings_and_CA_again_and_no_number_twice()
    {
        await using var cluster = await EmptyAsync();
        await cluster.Local.RestoreAsync(Restored(cluster));
        var view = await cluster.First.ViewAsync();
        Assert.Equal((cluster.Id, 107L, 3, 4L), (view.Cluster.Id, view.Cluster.Epoch, view.Cluster.Issuer, view.WantedSettings));
        var node = Assert.Single(view.Members);
        Assert.Equal((3, cluster.FirstName, NodeState.Active), (node.Number, node.Name, node.State));
        Assert.Equal([1, 2, 3], view.Nodes.Select(n => n.Number));
        Assert.Equal("system: {}\n", await cluster.First.NodeAnswersAsync(3));
        Assert.Equal("version: 1 # four\n", (await cluster.First.SettingsAsync(4))!.Answers);
        Assert.Equal(
            [AuthorityState.Current, AuthorityState.Retired, AuthorityState.Current],
            (await cluster.First.AuthoritiesAsync()).Select(a => a.State)
        );
        var last = (await cluster.First.EventsAsync()).Last();
        Assert.Equal(("cluster.restored", "from a backup"), (last.Kind, last.Detail));
        Assert.True((await cluster.First.VerifyEventsAsync()).IsWhole);

        // It goes on as any other: the next settings, the next node.
        Assert.Equal(5, await cluster.First.ProposeSettingsAsync(4, "version: 1 # five\n"));
        Assert.Equal(3, Assert.Single((await cluster.First.SettingsHistoryAsync(1))).Author);
        await Assert.ThrowsAsync<StaleEpochException>(() => cluster.First.ActivateAsync(8, 3));
    }

    [Fact]
    public async Task Where_there_is_a_cluster_none_is_restored()
    {
        await using var cluster = await server.NewClusterAsync();
        await TestCluster.FailureAsync(RegistryFailure.ClusterExists, () => cluster.Local.RestoreAsync(Restored(cluster)));
        Assert.Equal(1, (await cluster.First.ViewAsync()).Cluster.Epoch);
    }

    [Fact]
    public async Task A_restore_that_fails_leaves_nothing()
    {
        await using var cluster = await EmptyAsync();
        await Assert.ThrowsAsync<RegistryException>(() => cluster.Local.RestoreAsync(Restored(cluster) with { Profile = "No Profile" }));
        await TestCluster.FailureAsync(RegistryFailure.NoCluster, () => cluster.Local.ViewAsync());
        await cluster.Local.RestoreAsync(Restored(cluster));
    }

    private async Task<TestCluster> EmptyAsync()
    {
        var (name, local) = await server.NewDatabaseAsync();
        await local.MigrateAsync();
        return new TestCluster(server, name, local);
    }

    private RestoredCluster Restored(TestCluster cluster)
    {
        var beginning = cluster.Beginning();
        var now = DateTimeOffset.UtcNow;
        return new RestoredCluster
        {
            Cluster = new Gatehouse.Core.Clusters.Cluster(cluster.Id, "Post", 107, 3, now.AddYears(-1)),
            Promotion = SHA256.HashData(cluster.Proof),
            Former =
            [
                new FormerNode(Node(1, cluster.FirstName, NodeState.Active), "system: {}\n"),
                new FormerNode(Node(2, cluster.NameOf("mx2"), NodeState.Removed), ""),
            ],
            NodeName = cluster.FirstName,
            Place = TestCluster.Place(1),
            Profile = "database",
            NodeAnswers = "system: {}\n",
            Certificate = cluster.FirstIdentity.Issued,
            Authorities =
            [
                server.Authority.Root,
                server.Authority.NewIssuing() with
                {
                    State = AuthorityState.Retired,
                },
                server.Authority.Issuing,
            ],
            RevocationLists = beginning.RevocationLists,
            Settings =
            [
                new SettingsVersion(3, 2, "version: 1 # three\n", SettingsState.Withdrawn, 2, now, "no"),
                new SettingsVersion(4, 2, "version: 1 # four\n", SettingsState.Good, 1, now, ""),
            ],
            Note = "from a backup",
        };
    }

    private static ClusterNode Node(int number, string name, NodeState state) =>
        new()
        {
            Number = number,
            Name = name,
            Address = IPAddress.Parse("192.0.2.1"),
            Port = 1028,
            Profile = "database",
            Location = "",
            State = state,
            Release = "0.0.9",
            SettingsVersion = 4,
            CertificateExpires = null,
            Joined = DateTimeOffset.UtcNow.AddDays(-3),
            LastSeen = null,
        };
}

using System.Security.Cryptography;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class PromotionTests(RegistryServer server)
{
    [Fact]
    public async Task The_duty_and_the_rights_move_and_the_old_issuer_is_told()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("db2", 10);
        var third = await cluster.JoinAsync("mx1", 11);
        Assert.Equal(2, await node.Registry.PromoteAsync(1, node.Number, cluster.Proof, server.Authority.NewIssuing()));
        var view = await node.Registry.ViewAsync();
        Assert.Equal((2L, node.Number), (view.Cluster.Epoch, view.Cluster.Issuer));
        var e = await Assert.ThrowsAsync<StaleEpochException>(() => cluster.First.ActivateAsync(1, third.Number));
        Assert.Contains("epoch 2", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StaleEpochException>(() => cluster.RedeemAsync(1, cluster.FirstIdentity, Place(30)));
        // Even when it claims the new epoch, the right is gone.
        await FailureAsync(RegistryFailure.NotPermitted, () => cluster.First.ActivateAsync(2, third.Number));
        // The new one may not act by an old order of itself either.
        e = await Assert.ThrowsAsync<StaleEpochException>(() => node.Registry.ActivateAsync(1, third.Number));
        Assert.Contains($"{node.Name} was promoted", e.Message, StringComparison.Ordinal);
        Assert.True(await node.Registry.RemoveNodeAsync(2, 1, "dead"));
        Assert.Equal(
            [AuthorityState.Retired, AuthorityState.Current],
            (await node.Registry.AuthoritiesAsync()).Where(a => a.Kind == AuthorityKind.Issuing).Select(a => a.State)
        );
    }

    [Fact]
    public async Task Of_two_promotions_at_once_one_wins()
    {
        await using var cluster = await server.NewClusterAsync();
        var one = await cluster.JoinAsync("db2", 10);
        var two = await cluster.JoinAsync("db3", 11);
        var outcomes = await Task.WhenAll(PromoteAsync(one.Registry, one.Number), PromoteAsync(two.Registry, two.Number));
        Assert.Equal(["2", "StaleEpoch"], outcomes.Order(StringComparer.Ordinal));
        var winner = outcomes[0] == "2" ? one : two;
        Assert.Equal(winner.Number, (await cluster.First.ViewAsync()).Cluster.Issuer);

        async Task<string> PromoteAsync(ClusterRegistry registry, int number)
        {
            try
            {
                return $"{await registry.PromoteAsync(1, number, cluster.Proof, server.Authority.NewIssuing())}";
            }
            catch (RegistryException e)
            {
                return e.Failure.ToString();
            }
        }
    }

    [Fact]
    public async Task Without_the_master_token_nobody_is_promoted()
    {
        await using var cluster = await server.NewClusterAsync();
        var node = await cluster.JoinAsync("db2", 10);
        foreach (var proof in new[] { RandomNumberGenerator.GetBytes(32), [], SHA256.HashData(cluster.Proof) })
            await FailureAsync(
                RegistryFailure.WrongMasterToken,
                () => node.Registry.PromoteAsync(1, node.Number, proof, server.Authority.NewIssuing())
            );
        Assert.Equal(1, (await cluster.First.ViewAsync()).Cluster.Epoch);
        await FailureAsync(RegistryFailure.NotFound, () => node.Registry.PromoteAsync(1, 77, cluster.Proof, server.Authority.NewIssuing()));
    }

    [Fact]
    public async Task An_epoch_that_the_registry_does_not_know_yet_is_refused_too()
    {
        await using var cluster = await server.NewClusterAsync();
        var e = await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.ActivateAsync(5, 1));
        Assert.Contains("earlier state", e.Message, StringComparison.Ordinal);
    }
}

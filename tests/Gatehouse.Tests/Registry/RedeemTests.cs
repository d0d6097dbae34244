using Gatehouse.Core.Clusters;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

[Collection("registry")]
public sealed class RedeemTests(RegistryServer server)
{
    [Fact]
    public async Task A_code_makes_a_node_with_a_login()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        var code = await cluster.InviteAsync(name, "mail");
        AdmittedNode? admitted = null;
        var redeemed = await cluster.RedeemAsync(
            code,
            identity,
            Place(10),
            sign: node =>
            {
                admitted = node;
                return identity.Issued;
            }
        );
        Assert.Equal((2, name, "mail", false), (redeemed.Number, redeemed.Name, redeemed.Profile, redeemed.Again));
        Assert.Equal((2, name, "mail", "192.0.2.10"), (admitted!.Number, admitted.Name, admitted.Profile, admitted.Address.ToString()));
        var view = await cluster.Open(name, identity).ViewAsync();
        Assert.Equal(NodeState.Joining, view.Member(name)!.State);
        Assert.True(await cluster.First.ActivateAsync(1, 2));
        Assert.False(await cluster.First.ActivateAsync(1, 2));
        Assert.Equal(NodeState.Active, (await cluster.First.ViewAsync()).Member(name)!.State);
        Assert.NotNull((await cluster.First.CodesAsync()).Single().Used);
    }

    [Fact]
    public async Task The_same_key_gets_the_same_answer_again_and_another_key_does_not()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        var code = await cluster.InviteAsync(name);
        var first = await cluster.RedeemAsync(code, identity, Place(10));
        var again = await cluster.RedeemAsync(
            code,
            identity,
            Place(10),
            sign: _ => throw new InvalidOperationException("nothing is to be signed")
        );
        Assert.Equal(first with { Again = true }, again);
        var e = await FailureAsync(RegistryFailure.CodeUsed, () => cluster.RedeemAsync(code, server.Authority.Issue(name), Place(11)));
        Assert.Contains("198.51.100.7", e.Message, StringComparison.Ordinal);
        Assert.Contains("UTC", e.Message, StringComparison.Ordinal);
        await FailureAsync(RegistryFailure.WrongSecret, () => cluster.RedeemAsync(code, identity, Place(10), secret: "guessed"));
    }

    [Fact]
    public async Task Of_fifty_at_once_one_wins()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var code = await cluster.InviteAsync(name);
        var identities = Enumerable.Range(0, 50).Select(_ => server.Authority.Issue(name)).ToArray();
        // Several programs, so that the database decides and not a lock in one of them.
        var issuers = Enumerable.Range(0, 10).Select(_ => cluster.Open(cluster.FirstName, cluster.FirstIdentity)).Take(4).ToArray();
        var outcomes = await Task.WhenAll(
            identities.Select(
                async (identity, i) =>
                {
                    try
                    {
                        await cluster.RedeemAsync(code, identity, Place(100 + i), by: issuers[i % issuers.Length]);
                        return "won";
                    }
                    catch (RegistryException e)
                    {
                        return e.Failure.ToString();
                    }
                }
            )
        );
        Assert.Equal(1, outcomes.Count(o => o == "won"));
        Assert.Equal(49, outcomes.Count(o => o == nameof(RegistryFailure.CodeUsed)));
        Assert.Equal(2, (await cluster.First.ViewAsync()).Nodes.Length);
        Assert.Equal(2, (await cluster.First.CertificatesAsync()).Length);
    }

    [Fact]
    public async Task Joins_at_once_get_numbers_of_their_own()
    {
        await using var cluster = await server.NewClusterAsync();
        var issuers = Enumerable.Range(0, 4).Select(_ => cluster.Open(cluster.FirstName, cluster.FirstIdentity)).ToArray();
        var joins = new List<(int Code, Identity Identity)>();
        for (var i = 0; i < 12; i++)
            joins.Add((await cluster.InviteAsync(cluster.NameOf($"mx{i}")), server.Authority.Issue(cluster.NameOf($"mx{i}"))));
        var redeemed = await Task.WhenAll(
            joins.Select((join, i) => cluster.RedeemAsync(join.Code, join.Identity, Place(100 + i), by: issuers[i % issuers.Length]))
        );
        Assert.Equal(Enumerable.Range(2, 12), redeemed.Select(r => r.Number).Order());
        var view = await cluster.First.ViewAsync();
        Assert.All(redeemed, r => Assert.Equal(r.Number, view.Member(r.Name)!.Number));
    }

    [Fact]
    public async Task Ten_wrong_secrets_end_a_code()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        var code = await cluster.InviteAsync(name);
        for (var left = 9; left >= 0; left--)
        {
            var e = await FailureAsync(
                RegistryFailure.WrongSecret,
                () => cluster.RedeemAsync(code, identity, Place(10), secret: "guessed")
            );
            Assert.Contains($"({left} more", e.Message, StringComparison.Ordinal);
        }

        var ended = await FailureAsync(RegistryFailure.CodeEnded, () => cluster.RedeemAsync(code, identity, Place(10)));
        Assert.Contains("10 wrong secrets", ended.Message, StringComparison.Ordinal);
        Assert.Single((await cluster.First.ViewAsync()).Nodes);
        await cluster.InviteAsync(name);
    }

    [Fact]
    public async Task Unknown_expired_withdrawn_and_foreign_codes_are_refused_each_in_its_words()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        await FailureAsync(RegistryFailure.UnknownCode, () => cluster.RedeemAsync(4711, identity, Place(10)));
        var code = await cluster.InviteAsync(name);
        await FailureAsync(
            RegistryFailure.WrongCluster,
            () => cluster.RedeemAsync(code, identity, Place(10), cluster: new string('0', 32))
        );
        await cluster.AdministratorAsync($"UPDATE gatehouse.codes SET expires = now() - interval '1 second' WHERE id = {code}");
        await FailureAsync(RegistryFailure.CodeExpired, () => cluster.RedeemAsync(code, identity, Place(10)));
        // One that has expired is not in the way of the next.
        code = await cluster.InviteAsync(name);
        Assert.True(await cluster.First.WithdrawCodeAsync(code, "not needed"));
        Assert.False(await cluster.First.WithdrawCodeAsync(code, "not needed"));
        var e = await FailureAsync(RegistryFailure.CodeEnded, () => cluster.RedeemAsync(code, identity, Place(10)));
        Assert.Contains("not needed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_has_one_good_code_and_no_node()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var first = await cluster.InviteAsync(name);
        var e = await FailureAsync(RegistryFailure.CodeExists, () => cluster.InviteAsync(name));
        Assert.Contains(cluster.FirstName, e.Message, StringComparison.Ordinal);
        await cluster.InviteAsync(name, replace: true);
        await FailureAsync(RegistryFailure.CodeEnded, () => cluster.RedeemAsync(first, server.Authority.Issue(name), Place(10)));
        e = await FailureAsync(RegistryFailure.NameTaken, () => cluster.InviteAsync(cluster.FirstName));
        Assert.Contains("belongs to node 1", e.Message, StringComparison.Ordinal);
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.InviteAsync(cluster.NameOf("mx2"), life: TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public async Task Refusals_and_failures_while_signing_leave_the_code_as_it_was()
    {
        await using var cluster = await server.NewClusterAsync();
        var name = cluster.NameOf("mx1");
        var identity = server.Authority.Issue(name);
        var code = await cluster.InviteAsync(name);
        var e = await FailureAsync(RegistryFailure.AddressTaken, () => cluster.RedeemAsync(code, identity, Place(1)));
        Assert.Contains($"192.0.2.1 belongs to node 1 ({cluster.FirstName}", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() =>
            cluster.RedeemAsync(code, identity, Place(10), sign: _ => throw new IOException("no space"))
        );
        await FailureAsync(
            RegistryFailure.Invalid,
            () => cluster.RedeemAsync(code, identity, Place(10), sign: _ => server.Authority.Issue(name).Issued)
        );
        Assert.Single((await cluster.First.ViewAsync()).Nodes);
        Assert.Equal(2, (await cluster.RedeemAsync(code, identity, Place(10))).Number);
    }
}

using Gatehouse.Cluster.Joining;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Screens;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>Only nodes that hold the registry let new nodes into the cluster.</summary>
[Collection("registry")]
public sealed class CodeRightsTests(RegistryServer server)
{
    [Fact]
    public async Task The_registry_knows_the_duties_of_each_profile()
    {
        await using var cluster = await server.NewClusterAsync();
        var expected = string.Join(' ', Profile.All.SelectMany(p => p.Roles.Select(r => $"{p.Name}:{r}")).Order(StringComparer.Ordinal));
        Assert.Equal(
            expected,
            await cluster.AdministratorAsync(
                "SELECT string_agg(profile || ':' || duty, ' ' ORDER BY profile || ':' || duty) FROM gatehouse.profile_duties"
            )
        );
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("web")]
    [InlineData("node")]
    [InlineData("cache")]
    [InlineData("balancer")]
    public async Task A_node_without_the_database_makes_and_withdraws_no_codes(string profile)
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10, profile);
        var other = await cluster.JoinAsync("db2", 11, "backend");
        var code = await cluster.InviteAsync(cluster.NameOf("mx2"));
        Assert.Equal(
            "GH009",
            await TryAsync(
                hostile.Registry,
                "SELECT gatehouse.invite(99, 'evil.example.org', 'full', 'x', now() + interval '1 hour', false)"
            )
        );
        Assert.Equal("GH009", await TryAsync(hostile.Registry, $"SELECT gatehouse.withdraw_code({code}, 'hostile')"));
        // Whatever role or name it takes on, the login is that of its certificate.
        Assert.Equal(
            "GH009",
            await TryAsync(
                hostile.Registry,
                "SET ROLE gatehouse_node; SELECT gatehouse.invite(99, 'evil.example.org', 'full', 'x', now() + interval '1 hour', false)"
            )
        );

        // The command refuses with the registry's words, and before it asks the registry.
        var e = await FailureAsync(RegistryFailure.NotAllowed, () => hostile.Registry.WithdrawCodeAsync(code, "hostile"));
        var view = await hostile.Registry.ViewAsync();
        Assert.Equal(e.Message, KeeperRules.CodeRefusal(view, hostile.Number));
        Assert.Contains($"Run this on one of them: {cluster.FirstName}, {other.Name}.", e.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Refused, Assert.Throws<SequenceException>(() => Invitation.RequireMaker(view, hostile.Number)).Code);

        Invitation.RequireMaker(view, other.Number);
        Assert.True(await other.Registry.WithdrawCodeAsync(code, new string('x', 10_000)));
    }

    [Fact]
    public async Task No_more_than_a_thousand_codes_are_good_at_a_time()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.AdministratorAsync(
            "INSERT INTO gatehouse.codes (id, node_name, profile, verifier, created_by, expires) SELECT 1000 + i, 'n' || i || "
                + "'.example.org', 'mail', '', 'x', now() + interval '1 hour' FROM generate_series(1, 1000) i"
        );
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.InviteAsync(cluster.NameOf("mx2")));
        await cluster.AdministratorAsync("UPDATE gatehouse.codes SET expires = now() WHERE id = 1001");
        await cluster.InviteAsync(cluster.NameOf("mx2"));
    }
}

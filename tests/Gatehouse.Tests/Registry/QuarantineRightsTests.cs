using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>Whatever a member does with a quarantined message by the registry leaves a trace there.</summary>
[Collection("registry")]
public sealed class QuarantineRightsTests(RegistryServer server)
{
    private const string Message = "1/1xUsvq-00009Z-5e";
    private const string Refused = "GH009";

    [Fact]
    public async Task A_claim_that_is_given_up_is_recorded()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        var claim = await hostile.Registry.ClaimMessageAsync(Message, "release", again: false);
        Assert.True(await hostile.Registry.SettleMessageAsync(claim, false, "the queue is full"));
        var last = (await cluster.First.EventsAsync()).Last();
        Assert.Equal((hostile.Name, "quarantine.given-up", $"{Message}: release: the queue is full"), (last.Actor, last.Kind, last.Detail));
    }

    [Fact]
    public async Task A_claim_that_is_taken_over_is_recorded_with_the_node_that_had_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await cluster.First.ClaimMessageAsync(Message, "release", again: false, ClusterRegistry.ShortestClaim);
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        Assert.True((await hostile.Registry.ClaimMessageAsync(Message, "delete", again: false)).Granted);
        var last = (await cluster.First.EventsAsync()).Last();
        Assert.Equal((hostile.Name, "quarantine.taken-over"), (last.Actor, last.Kind));
        Assert.StartsWith(
            $"{Message}: delete, after {cluster.FirstName} had begun to release it at 20",
            last.Detail,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("601")]
    [InlineData("NULL")]
    public async Task A_message_is_claimed_for_ten_minutes_at_most(string seconds)
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        Assert.Equal(
            Refused,
            await TryAsync(hostile.Registry, $"SELECT gatehouse.claim_message('{Message}', 'release', {seconds}, false)")
        );
    }

    [Fact]
    public async Task What_was_done_lately_is_not_forgotten_however_few_days_a_member_names()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await cluster.AdministratorAsync(
            $"INSERT INTO gatehouse.quarantine_claims VALUES ('{Message}', 'release', 'done', NULL, 1, now() - interval '13 days', "
                + $"now()), ('2/1xUsvq-00009Z-5e', 'release', 'done', NULL, 1, now() - interval '15 days', now())"
        );
        Assert.Equal("", await TryAsync(hostile.Registry, "SELECT gatehouse.begin_retention(), gatehouse.end_retention(1)"));
        Assert.Equal(Message, Assert.Single(await cluster.First.MessageClaimsAsync()).Message);
    }

    [Fact]
    public async Task Nothing_was_done_in_the_future()
    {
        await using var cluster = await server.NewClusterAsync();
        var hostile = await cluster.JoinAsync("mx1", 10);
        await hostile.Registry.TellMessageAsync($"{hostile.Number}/1xUsvq-00009Z-5e", "release", DateTimeOffset.UtcNow.AddYears(1));
        Assert.True(Assert.Single(await cluster.First.MessageClaimsAsync()).At < DateTimeOffset.UtcNow.AddMinutes(1));
    }
}

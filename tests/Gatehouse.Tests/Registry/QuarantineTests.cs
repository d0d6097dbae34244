using System.Net;
using Gatehouse.Registry;
using Xunit;
using static Gatehouse.Tests.Registry.TestCluster;

namespace Gatehouse.Tests.Registry;

/// <summary>Who does what with a message of the shared quarantine; and how members know each other there.</summary>
[Collection("registry")]
public sealed class QuarantineTests(RegistryServer server)
{
    private const string Message = "2/1xUsvq-00009Z-5e";

    [Fact]
    public async Task Of_all_that_try_at_once_one_is_granted_the_release()
    {
        await using var cluster = await server.NewClusterAsync();
        var other = await cluster.JoinAsync("mx1", 10);
        var claims = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i => (i % 2 == 0 ? cluster.First : other.Registry).ClaimMessageAsync(Message, "release", again: false))
        );
        var granted = Assert.Single(claims, c => c.Granted);
        Assert.All(claims.Where(c => !c.Granted), c => Assert.Equal((granted.Node, false, false), (c.Node, c.Done, c.Overdue)));
        Assert.True(await (granted.Node == 1 ? cluster.First : other.Registry).SettleMessageAsync(granted, true, "released"));
        var late = await other.Registry.ClaimMessageAsync(Message, "release", again: false);
        Assert.Equal((false, true, "release"), (late.Granted, late.Done, late.Action));
        Assert.True((await other.Registry.ClaimMessageAsync(Message, "release", again: true)).Granted);
    }

    [Fact]
    public async Task One_that_failed_is_free_for_everybody()
    {
        await using var cluster = await server.NewClusterAsync();
        var other = await cluster.JoinAsync("mx1", 10);
        var claim = await cluster.First.ClaimMessageAsync(Message, "release", again: false);
        // Nobody but who was granted it says how it ended.
        Assert.False(await other.Registry.SettleMessageAsync(claim, true, ""));
        Assert.True(await cluster.First.SettleMessageAsync(claim, false, ""));
        Assert.True((await other.Registry.ClaimMessageAsync(Message, "release", again: false)).Granted);
    }

    [Fact]
    public async Task One_whose_node_died_is_taken_over_after_its_time_by_who_says_so()
    {
        await using var cluster = await server.NewClusterAsync();
        var other = await cluster.JoinAsync("mx1", 10);
        const string InTime = "2/1xUsvr-00009Z-5e";
        await cluster.First.ClaimMessageAsync(InTime, "release", again: false);
        Assert.False((await other.Registry.ClaimMessageAsync(InTime, "release", again: true)).Granted);
        var claim = await cluster.First.ClaimMessageAsync(Message, "release", again: false, ClusterRegistry.ShortestClaim);
        await Task.Delay(TimeSpan.FromSeconds(1.1));
        var refused = await other.Registry.ClaimMessageAsync(Message, "release", again: false);
        Assert.Equal((false, true), (refused.Granted, refused.Overdue));
        var taken = await other.Registry.ClaimMessageAsync(Message, "release", again: true);
        Assert.True(taken.Granted);
        // Who comes back late is told that it is another's now; and what fails is what it was before.
        Assert.False(await cluster.First.SettleMessageAsync(claim, true, ""));
        Assert.True(await other.Registry.SettleMessageAsync(taken, false, ""));
        Assert.True((await other.Registry.ClaimMessageAsync(Message, "release", again: false)).Overdue);
    }

    [Fact]
    public async Task What_was_deleted_is_not_released_and_what_was_released_may_be_deleted()
    {
        await using var cluster = await server.NewClusterAsync();
        await cluster.First.SettleMessageAsync(await cluster.First.ClaimMessageAsync(Message, "release", false), true, "");
        var deletion = await cluster.First.ClaimMessageAsync(Message, "delete", false);
        Assert.True(deletion.Granted);
        await cluster.First.SettleMessageAsync(deletion, true, "gone");
        Assert.False((await cluster.First.ClaimMessageAsync(Message, "release", true)).Granted);
        var claim = Assert.Single(await cluster.First.MessageClaimsAsync());
        Assert.Equal(("delete", true, cluster.FirstName), (claim.Action, claim.Done, claim.NodeName));
        Assert.Contains(await cluster.First.EventsAsync(), e => e.Kind == "quarantine.deleted" && e.Detail == $"{Message}: gone");
    }

    [Fact]
    public async Task What_its_node_did_while_the_registry_was_away_counts_and_no_other_may_tell_it()
    {
        await using var cluster = await server.NewClusterAsync();
        var other = await cluster.JoinAsync("mx1", 10);
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.TellMessageAsync(Message, "release", DateTimeOffset.UtcNow));
        Assert.True(await other.Registry.TellMessageAsync(Message, "release", DateTimeOffset.UtcNow));
        Assert.True((await cluster.First.ClaimMessageAsync(Message, "release", false)).Done);
    }

    [Fact]
    public async Task Old_messages_are_deleted_by_one_node_a_night()
    {
        await using var cluster = await server.NewClusterAsync();
        var other = await cluster.JoinAsync("mx1", 10);
        var second = await cluster.JoinAsync("mx2", 11);
        await FailureAsync(RegistryFailure.NotAllowed, () => cluster.First.BeginRetentionAsync());
        var turns = await Task.WhenAll(second.Registry.BeginRetentionAsync(), other.Registry.BeginRetentionAsync());
        Assert.Single(turns, t => t);
        var (mine, others) = turns[0] ? (second.Registry, other.Registry) : (other.Registry, second.Registry);
        await cluster.AdministratorAsync(
            $"INSERT INTO gatehouse.quarantine_claims VALUES ('{Message}', 'delete', 'done', NULL, 1, now() - interval '40 days', now())"
        );
        await mine.EndRetentionAsync(30);
        Assert.False(await others.BeginRetentionAsync());
        Assert.Empty(await mine.MessageClaimsAsync());
        // One that was begun and not ended waits an hour for its node.
        await cluster.AdministratorAsync("UPDATE gatehouse.quarantine_upkeep SET begun = now() - interval '61 minutes', ended = NULL");
        Assert.True(await others.BeginRetentionAsync());
    }

    [Fact]
    public async Task A_request_for_messages_goes_with_its_answers_some_time_after_its_end_and_its_number_is_not_given_again()
    {
        await using var cluster = await server.NewClusterAsync();
        var (past, later) = (DateTimeOffset.UtcNow.AddMinutes(-11), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(1, await cluster.First.IssueCommandAsync("reload", "{}", [], past));
        Assert.Equal(2, await cluster.First.IssueCommandAsync("quarantine", "{}", [], past));
        Assert.True(await cluster.First.RecordCommandResultAsync(2, CommandState.Done, "what strangers wrote"));
        Assert.Single(await cluster.First.CommandResultsAsync(2));
        Assert.Equal(3, await cluster.First.IssueCommandAsync("quarantine", "{}", [], later));
        Assert.Empty(await cluster.First.CommandResultsAsync(2));
        Assert.Equal([1, 3], (await cluster.First.PendingCommandsAsync(1)).Select(c => c.Number));
        Assert.Equal(4, await cluster.First.IssueCommandAsync("quarantine", "{}", [], past));
        Assert.Equal(5, await cluster.First.IssueCommandAsync("quarantine", "{}", [], past));
        Assert.Equal([1, 3, 5], (await cluster.First.PendingCommandsAsync(1)).Select(c => c.Number));
    }

    [Fact]
    public async Task Members_know_each_others_certificates_and_places_and_no_two_have_one_place()
    {
        await using var cluster = await server.NewClusterAsync();
        var first = await cluster.JoinAsync("mx1", 10);
        var second = await cluster.JoinAsync("mx2", 11);
        var view = await first.Registry.ViewAsync();
        var expected = System
            .Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(cluster.FirstIdentity.Chain)
            .GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        Assert.Equal(expected, Assert.Single(view.Node(1)!.Certificates!.Value), ignoreCase: true);
        var next = server.Authority.Issue(first.Name);
        await cluster.First.AddCertificateAsync(1, first.Number, next.Issued);
        var renewed = await second.Registry.ViewAsync();
        Assert.Equal(2, renewed.Node(first.Number)!.Certificates!.Value.Length);
        Assert.NotEqual(view.Fingerprint(), renewed.Fingerprint());

        Assert.True(await first.Registry.SetSyncPlaceAsync(IPAddress.Parse("203.0.113.9"), 11027));
        Assert.False(await first.Registry.SetSyncPlaceAsync(IPAddress.Parse("203.0.113.9"), 11027));
        var e = await FailureAsync(
            RegistryFailure.AddressTaken,
            () => second.Registry.SetSyncPlaceAsync(IPAddress.Parse("203.0.113.9"), 11027)
        );
        Assert.Contains("need ports of their own", e.Message, StringComparison.Ordinal);
        Assert.True(await second.Registry.SetSyncPlaceAsync(IPAddress.Parse("203.0.113.9"), 11028));
        var node = (await second.Registry.ViewAsync()).Node(first.Number)!;
        Assert.Equal(("203.0.113.9", 11027), (node.SyncAddress!.ToString(), node.SyncPort));
        Assert.True(await first.Registry.SetSyncPlaceAsync(null, 1027));
    }
}

using System.Net;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Tests.Support;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

/// <summary>A node that moves, and who follows whom afterwards.</summary>
public sealed class AddressTests
{
    private static readonly IPAddress Next = IPAddress.Parse("192.0.2.77");
    private static readonly ClusterView Two = View(Node(1), Node(2, "web"), Node(3, state: NodeState.Removed));
    private static readonly LocalNode Second = LocalRecord.Of(Two, Two.Nodes[1], 1, "followed", []);

    [Theory]
    [InlineData("192.0.2.77", null)]
    [InlineData("2001:db8::7", null)]
    [InlineData("192.0.2.2", null)]
    [InlineData("192.0.2.3", null)]
    [InlineData("192.0.2.1", "192.0.2.1 is the address of n1.example.org (node 1)")]
    [InlineData("127.0.0.1", "no address that other nodes can reach")]
    [InlineData("0.0.0.0", "no address that other nodes can reach")]
    [InlineData("fe80::1", "no address that other nodes can reach")]
    [InlineData("ff02::1", "no address that other nodes can reach")]
    [InlineData("224.0.0.1", "no address that other nodes can reach")]
    public void An_address_is_free_or_it_is_said_whose_it_is(string address, string? said)
    {
        var refusal = AddressRules.Refusal(Two, 2, IPAddress.Parse(address));
        if (said is null)
            Assert.Null(refusal);
        else
            Assert.Contains(said, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_move_changes_what_the_others_follow_and_so_does_its_end()
    {
        var moved = Two.Moved(2, Next);
        var both = moved with
        {
            Nodes = [.. moved.Nodes.Select(n => n.Number == 2 ? n with { Former = IPAddress.Parse("192.0.2.2") } : n)],
        };
        Assert.Equal(Next, moved.Node(2)!.Address);
        Assert.Equal(3, new[] { Two, moved, both }.Select(v => v.Fingerprint()).Distinct().Count());
    }

    [Fact]
    public void Members_let_a_node_in_from_both_addresses_and_call_it_by_the_new_one()
    {
        var both = Two with
        {
            Nodes = [.. Two.Nodes.Select(n => n.Number == 2 ? n with { Address = Next, Former = IPAddress.Parse("192.0.2.2") } : n)],
        };
        var text = AnswerWriter.Write(Samples.Screens, EffectiveAnswers.Compose(Empty, Empty, both, 1));
        Assert.Contains("address: \"192.0.2.77\"", text, StringComparison.Ordinal);
        Assert.Contains("former: \"192.0.2.2\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "former",
            AnswerWriter.Write(Samples.Screens, EffectiveAnswers.Compose(Empty, Empty, Two, 1)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_nodes_own_address_is_the_registrys_whatever_its_answers_say()
    {
        var text = AnswerWriter.Write(Samples.Screens, EffectiveAnswers.Compose(Empty, Empty, Two.Moved(2, Next), 2));
        Assert.Contains("address: \"192.0.2.77\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_keeps_the_databases_names_so_that_their_certificates_are_good_at_any_address()
    {
        Assert.Equal("n1.example.org", Assert.Single(Second.DatabaseNames!.Value));
        Assert.Equal("192.0.2.77", Assert.Single(LocalRecord.Of(Two.Moved(1, Next), Two.Nodes[1], 1, "", []).Databases));
    }

    [Fact]
    public void The_own_cluster_is_followed_and_nothing_older_than_was_seen()
    {
        Assert.Null(FollowRules.Refusal(Second, Two, "it"));
        Assert.Null(FollowRules.Refusal(Second, Two with { Cluster = Two.Cluster with { Epoch = 2 } }, "it"));
        Assert.Contains("an old state of the cluster", FollowRules.Refusal(Second with { Epoch = 5 }, Two, "it"), StringComparison.Ordinal);
        Assert.Contains(
            "holds the cluster example",
            FollowRules.Refusal(Second with { Cluster = "other" }, Two, "it"),
            StringComparison.Ordinal
        );
        Assert.Contains("was removed", FollowRules.Refusal(Second with { Number = 3 }, Two, "it"), StringComparison.Ordinal);
        Assert.Contains("was removed", FollowRules.Refusal(Second with { Number = 9 }, Two, "it"), StringComparison.Ordinal);
        Assert.Contains("was removed", FollowRules.Refusal(Second with { Name = "n9.example.org" }, Two, "it"), StringComparison.Ordinal);
    }

    private static Answers Empty =>
        new("test", System.Collections.Immutable.ImmutableSortedDictionary<string, Gatehouse.Core.Yaml.Node>.Empty);
}

using System.Net;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Tests.Support;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

/// <summary>The map of a cluster; what it looks like is in <c>Golden/maps</c>, to be read.</summary>
public sealed class ClusterMapTests
{
    private const string Shared = """
        balancer:
          nodes: [n1.example.org]
        cluster:
          name: example
          collect_logs: [n3.example.org]
          id: 4
          peers:
            - {name: n1.example.org, address: 192.0.2.1, profile: backend, id: 1}
            - {name: n5.example.org, address: 192.0.2.5, profile: node, id: 5}
            - {name: n7.example.org, address: 192.0.2.7, profile: balancer, id: 7}
        addresses:
          networks:
            - {network: 192.0.2.0/24, interface: eth0}
          bindings:
            - {address: 192.0.2.100, service: balancer, preferred: n7.example.org}
            - {address: 192.0.2.101, service: mail, preferred: n5.example.org, outgoing: true}
            - {address: 192.0.2.102, service: web}
            - {address: 192.0.2.103, service: mail}

        """;

    /// <summary>Three of the backend in three places, two that scan in front, one web, one balancer; one is dead, one not well, one on its
    /// way in.</summary>
    [Fact]
    public void Segments_places_votes_and_what_is_wrong()
    {
        var report = Report(
            Report(At(1, "backend", "Frankfurt, rack 12"), Status(1) with { Addresses = [IPAddress.Parse("192.0.2.1")] }),
            Report(At(2, "backend", "Wien"), Status(2)),
            Report(At(3, "backend", "Zürich"), null, "it does not answer in time"),
            Report(At(4, "node", "Wien"), Status(4) with { Addresses = [IPAddress.Parse("192.0.2.4"), IPAddress.Parse("192.0.2.101")] }),
            Report(At(5, "node", "Frankfurt, rack 12"), Status(5), "exim4.service does not run", "/var is 97 % full"),
            Report(At(6, "web", ""), Status(6)),
            Report(At(7, "balancer", "Frankfurt, rack 12"), Status(7) with { Addresses = [IPAddress.Parse("192.0.2.100")] }),
            Report(At(8, "mail", "Wien") with { State = NodeState.Joining }, null)
        );
        Expect("segments", ClusterPicture.Of(report, Node4(), IPAddress.Parse("192.0.2.2"), 4));
    }

    [Fact]
    public void Three_of_everything_are_a_cluster() =>
        Expect(
            "full",
            ClusterPicture.Of(
                Report(
                    Report(At(1, "full", "Frankfurt"), Status()),
                    Report(At(2, "full", "Wien"), Status(2)),
                    Report(At(3, "full", "Frankfurt"), Status(3))
                ),
                null,
                IPAddress.Parse("192.0.2.1"),
                1
            )
        );

    [Fact]
    public void A_vote_that_a_node_is_to_have_and_has_not_is_not_counted()
    {
        var picture = ClusterPicture.Of(
            Report([.. Enumerable.Range(1, 4).Select(n => Report(Node(n) with { VotesSince = n == 1 ? Now : null }, Status(n)))]),
            null,
            null,
            1
        );
        var told = ClusterMap.Tell(picture).ToArray();
        Assert.Contains("Registry: 1 vote, none may fail.", told);
        Assert.EndsWith("this host, votes, issuer.", told[1], StringComparison.Ordinal);
        Assert.EndsWith("full: no vote yet.", told[3], StringComparison.Ordinal);
        Assert.EndsWith("full: a copy, no vote.", told[4], StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_votes_are_told()
    {
        var picture = ClusterPicture.Of(
            Report(Report(Node(1), Status()), Report(Node(2), null, "gone"), Report(Node(3), null, "gone")) with
            {
                IsCurrent = false,
            },
            null,
            null,
            1
        );
        Expect("too-few", picture);
        Assert.Equal(
            [
                "Registry: 1 of 3 votes there, too few: it takes no writes.",
                "Redis: 1 of 3 nodes there, too few: no other copy can take over.",
                "Queue: 1 of 3 nodes there, too few: it stands still.",
                "Mail: 1 of 3 nodes there, no more may fail.",
                "Web: 1 of 3 nodes there, no more may fail.",
            ],
            ClusterMap.Tell(picture).TakeLast(5)
        );
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(3, 3, 1)]
    [InlineData(4, 3, 1)]
    [InlineData(5, 5, 2)]
    [InlineData(7, 5, 2)]
    public void The_votes_are_those_that_the_registry_has(int databases, int votes, int mayFail)
    {
        var picture = ClusterPicture.Of(View([.. Enumerable.Range(1, databases).Select(n => Node(n, "database"))]), 1);
        Assert.Equal(votes, picture.Voters.Length);
        var registry = MapDuty.Of(picture).First();
        Assert.Equal((votes, mayFail), (registry.Total, registry.MayFail));
    }

    [Fact]
    public void Services_of_ones_own_are_not_counted_on_the_clusters_nodes()
    {
        var picture = ClusterPicture.Of(View(Node(1)), 1);
        Assert.Equal(["Registry", "Redis", "Queue", "Mail", "Web"], MapDuty.Of(picture).Select(d => d.Name));
        Assert.Equal(
            ["Registry", "Mail", "Web"],
            MapDuty.Of(picture with { NotRun = [ServiceKind.Redis, ServiceKind.Queue] }).Select(d => d.Name)
        );
    }

    [Fact]
    public void Before_a_cluster_is_there_a_node_knows_itself_and_its_peers()
    {
        Expect("answers", ClusterPicture.Of(Node4(), "example"));
        var seen = ClusterPicture.Of(Node4(), "example", View(At(1, "backend", "Wien"), At(4, "mail", "Graz"), At(5, "node", "Wien")));
        Assert.Equal([(1, "Wien"), (4, "Frankfurt"), (5, "Wien")], seen.Nodes.Select(n => (n.Number, n.Location!)));
        Assert.Equal("node", seen.Nodes[1].Profile.Name);
    }

    [Fact]
    public void Who_joins_sees_whom_it_was_told_of()
    {
        LinkSample[] links =
        [
            new(new Neighbour("n1.example.org", IPAddress.Parse("192.0.2.1"), 1028, "full"), 8, [TimeSpan.FromMilliseconds(1)], 8),
            new(new Neighbour("n2.example.org", IPAddress.Parse("192.0.2.2"), 1028, "full"), 8, [], 0),
        ];
        Expect(
            "joining",
            ClusterPicture.Of(
                "example",
                new MapNode(0, "n3.example.org", IPAddress.Parse("192.0.2.3"), Profile.Find("full")!, "Wien"),
                links
            )
        );
    }

    [Fact]
    public void Long_names_and_addresses_stand_below_each_other()
    {
        var tokyo = At(2, "full", "東京データセンター") with { Address = IPAddress.Parse("2001:db8::2"), VotesSince = null };
        var report = Report(
            Report(
                At(1, "full", "Rechenzentrum am Ende der Straße, Halle 4, Reihe 17, Schrank 3, ganz unten") with
                {
                    Name = "mail-gateway-with-a-long-name.department.subsidiary.example.org",
                    Address = IPAddress.Parse("2001:db8:1234:5678:9abc:def0:1234:5678"),
                },
                Status()
            ),
            Report(tokyo, null, "x")
        );
        Expect("long", ClusterPicture.Of(report, null, null, 1), 54);
    }

    // Whatever the width, no line is longer, and no word is lost.
    [Theory]
    [InlineData(24)]
    [InlineData(40)]
    [InlineData(54)]
    [InlineData(78)]
    [InlineData(200)]
    public void No_line_is_longer_than_it_may_be(int width)
    {
        var picture = ClusterPicture.Of(Node4(), "example");
        var lines = ClusterMap.Draw(picture, width, TextWidth.Of);
        Assert.All(lines, l => Assert.InRange(TextWidth.Of(l), 0, width));
        var text = string.Concat(string.Concat(lines).Where(char.IsAsciiLetterOrDigit));
        Assert.All(
            picture.Nodes,
            n => Assert.Contains(string.Concat(n.Name.Where(char.IsAsciiLetterOrDigit)), text, StringComparison.Ordinal)
        );
    }

    private static GatewaySettings Node4() =>
        Samples.Settings(
            Samples.Minimal.Replace(
                "mx1.example.org\n  address: 192.0.2.10",
                "n4.example.org\n  address: 192.0.2.4\n  profile: node\n  location: Frankfurt",
                StringComparison.Ordinal
            ) + Shared
        );

    private static ClusterNode At(int number, string profile, string location) => Node(number, profile) with { Location = location };

    private static void Expect(string name, ClusterPicture picture, int width = ClusterMap.UsualWidth)
    {
        var path = Path.Combine(Repository.Golden, "maps", $"{name}.txt");
        var actual =
            $"{string.Join('\n', ClusterMap.Draw(picture, width, TextWidth.Of))}\n\n{string.Join('\n', ClusterMap.Tell(picture))}\n";
        if (Repository.Accepts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }
}

using System.Net;
using Gatehouse.Core.Clusters;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

public sealed class ClusterViewTests
{
    private static readonly ClusterView Sample = View(Node(1), Node(2, "mail"), Node(3, state: NodeState.Removed));

    [Fact]
    public void The_fingerprint_changes_with_everything_that_a_configuration_is_made_from()
    {
        ClusterView[] changed =
        [
            Sample with
            {
                Cluster = Sample.Cluster with { Id = new string('f', 32) },
            },
            Sample with
            {
                Cluster = Sample.Cluster with { Name = "other" },
            },
            Sample with
            {
                Cluster = Sample.Cluster with { Epoch = 2 },
            },
            Sample with
            {
                Cluster = Sample.Cluster with { Issuer = 2 },
            },
            Sample with
            {
                WantedSettings = 2,
            },
            Sample with
            {
                Roots = ["root\n", "next\n"],
            },
            Sample with
            {
                RevocationLists = ["longer list\n"],
            },
            View(Node(1), Node(2, "mail"), Node(4)),
            View(Node(1), Node(2, "mail", NodeState.Removed)),
            View(Node(1), Node(2, "node")),
            View(Node(1), Node(2, "mail") with { Name = "renamed.example.org" }),
            View(Node(1), Node(2, "mail") with { Address = IPAddress.Parse("192.0.2.99") }),
            View(Node(1), Node(2, "mail") with { Port = 1029 }),
        ];
        Assert.Equal(changed.Length + 1, changed.Append(Sample).Select(v => v.Fingerprint()).Distinct().Count());
        Assert.Matches("^[0-9a-f]{64}$", Sample.Fingerprint());
    }

    [Fact]
    public void It_stays_with_what_changes_by_itself()
    {
        var same = Sample with
        {
            Taken = Now.AddHours(1),
            Nodes =
            [
                Node(2, "mail") with
                {
                    LastSeen = null,
                    SettingsVersion = 7,
                    Release = "0.2.0",
                    Location = "Berlin",
                },
                Node(1) with
                {
                    CertificateExpires = null,
                },
            ],
        };
        Assert.Equal(Sample.Fingerprint(), same.Fingerprint());
    }

    [Fact]
    public void Removed_nodes_are_no_members_and_joining_ones_hold_no_database_yet()
    {
        Assert.Equal([1, 2], Sample.Members.Select(n => n.Number));
        Assert.Null(Sample.Member("n3.example.org"));
        Assert.NotNull(Sample.Node(3));
        Assert.Equal(
            [1],
            View(Node(1), Node(2, "mail"), Node(3, "database", NodeState.Joining), Node(4, "database", NodeState.Removed))
                .Databases.Select(n => n.Number)
        );
    }
}

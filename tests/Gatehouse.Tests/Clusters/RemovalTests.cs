using Gatehouse.Cluster.Leaving;
using Gatehouse.Cluster.Status;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class RemovalTests
{
    [Fact]
    public void The_issuer_and_the_host_of_the_database_are_not_removed_and_others_are()
    {
        var view = SampleView.Make();
        Assert.Contains("gatehouse promote", RemovalRules.Refusal(view, view.Node(1)!, null), StringComparison.Ordinal);
        Assert.Contains("Move the database", RemovalRules.Refusal(view, view.Node(3)!, "192.0.2.3"), StringComparison.Ordinal);
        Assert.Null(RemovalRules.Refusal(view, view.Node(3)!, "192.0.2.1"));
        Assert.Null(RemovalRules.Refusal(view, view.Node(5)!, null));
    }

    [Theory]
    [InlineData("mx2.example.org", 2)]
    [InlineData("MX2.example.org.", 2)]
    [InlineData("db3", 3)]
    [InlineData("3", 3)]
    [InlineData("4", 4)]
    public void A_node_is_found_by_name_host_name_or_number(string text, int number)
    {
        Assert.Equal(number, RemovalRules.Find(SampleView.Make(), text, out var problem)?.Number);
        Assert.Equal("", problem);
    }

    [Theory]
    [InlineData("mx2", "mx2.example.org or mx2.example.net")]
    [InlineData("mx4.example.org", "was removed")]
    [InlineData("mx9", "no node 'mx9'")]
    public void What_is_ambiguous_gone_or_unknown_is_said(string text, string said)
    {
        Assert.Null(RemovalRules.Find(SampleView.Make(), text, out var problem));
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_list_shows_members_and_open_codes_and_no_used_ended_or_late_ones()
    {
        var now = SampleView.Now;
        CodeRecord Code(string name, DateTimeOffset? used = null, DateTimeOffset? ended = null, int hours = 1) =>
            new(1, name, "mail", "db1.example.org", now, now.AddHours(hours), 0, used, null, ended, "");
        var rows = NodeReport
            .Table(
                SampleView.Make(),
                [
                    Code("mx6.example.org"),
                    Code("mx7.example.org", used: now),
                    Code("mx8.example.org", ended: now),
                    Code("mx9.example.org", hours: -1),
                ]
            )
            .ToArray();
        Assert.Equal(
            ["NAME", "db1.example.org", "mx2.example.org", "db3.example.org", "mx2.example.net", "mx6.example.org"],
            rows.Select(r => r[1])
        );
        Assert.Equal(["STATE", "issuer", "active", "active", "joining", "invited"], rows.Select(r => r[4]));
    }
}

using Gatehouse.Core.Clusters;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

public sealed class ClusterReportTests
{
    [Fact]
    public void The_table_has_the_columns_of_pmgcm_and_ours()
    {
        var rows = Report(Report(Node(1), Status()), Report(Node(2, "mail"), Status(2) with { Queue = null, Partitions = [] }))
            .Table(Now)
            .ToArray();
        Assert.Equal(["NAME(CID)", "IPADDRESS", "ROLE-STATE", "UPTIME", "LOAD", "MEM", "DISK"], rows[0].Take(7));
        Assert.Equal(
            ["n1.example.org(1)", "192.0.2.1", "full*-A", "05:41", "0.50", "41%", "62%", "0.1.0", "1", "2/2", "3", "2026-04-30", "now"],
            rows[1].AsEnumerable()
        );
        Assert.Equal(("mail-A", "-", "-"), (rows[2][2], rows[2][6], rows[2][10]));
        Assert.All(rows, r => Assert.Equal(rows[0].Length, r.Length));
    }

    [Theory]
    [InlineData(0, "00:00")]
    [InlineData(59, "00:00")]
    [InlineData(20_460, "05:41")]
    [InlineData(86_400 + 76_680, "1 day 21:18")]
    [InlineData((3 * 86_400) + 7_800, "3 days 02:10")]
    [InlineData((400 * 86_400) + 60, "400 days 00:01")]
    public void Uptime_is_written_as_pmgcm_does(long seconds, string text) =>
        Assert.Equal(text, Report(Report(Node(1), Status() with { UptimeSeconds = seconds })).Table(Now).Last()[3]);

    [Fact]
    public void Of_a_silent_node_the_registrys_word_is_shown_and_the_rest_is_missing()
    {
        Assert.Equal(
            ["n2.example.org(2)", "192.0.2.2", "mail-E", "-", "-", "-", "-", "0.1.0", "1", "-", "-", "2026-04-30", "3 s ago"],
            Report(Report(Node(2, "mail"), null)).Table(Now).Last().AsEnumerable()
        );
        var bare = Node(2) with { Release = "", CertificateExpires = null, LastSeen = null };
        Assert.Equal(["-", "1", "-", "-", "-", "never"], Report(Report(bare, null)).Table(Now).Last().Skip(7));
    }

    [Fact]
    public void What_a_slow_node_said_in_its_last_heartbeat_is_shown_with_its_age()
    {
        var late = Report(Node(2, "mail"), Status(2)) with { Heard = Now.AddSeconds(-8) };
        Assert.Equal(["mail-A", "05:41"], Report(late).Table(Now).Last().Skip(2).Take(2));
        Assert.Equal("8 s ago", Report(late).Table(Now).Last()[12]);
    }

    [Theory]
    [InlineData(-5, "0 s ago")]
    [InlineData(119, "119 s ago")]
    [InlineData(120, "2 min ago")]
    [InlineData(7_200, "2 h ago")]
    [InlineData(259_200, "3 days ago")]
    public void When_a_node_was_seen_is_told_in_fitting_units(int seconds, string text) =>
        Assert.Equal(text, Report(Report(Node(1) with { LastSeen = Now.AddSeconds(-seconds) }, null)).Table(Now).Last()[12]);

    [Theory]
    [InlineData(NodeState.Active, 1L, "A")]
    [InlineData(NodeState.Active, 2L, "S")]
    [InlineData(NodeState.Active, null, "E")]
    [InlineData(NodeState.Joining, 1L, "J")]
    [InlineData(NodeState.Joining, null, "J")]
    [InlineData(NodeState.Leaving, null, "L")]
    public void The_state_is_a_letter(NodeState state, long? version, string letter) =>
        Assert.Equal(letter, Report(Node(1, state: state), version is { } v ? Status() with { SettingsVersion = v } : null).State(1));

    [Fact]
    public void A_cluster_is_healthy_when_the_registry_and_every_member_are()
    {
        var good = Report(Node(1), Status());
        Assert.True(Report(good).IsHealthy);
        Assert.False((Report(good) with { IsCurrent = false }).IsHealthy);
        Assert.False(Report(good, Report(Node(2), null)).IsHealthy);
        Assert.False(Report(good, Report(Node(2), Status(2), "exim4.service does not run")).IsHealthy);
        Assert.False(Report(good, Report(Node(2, state: NodeState.Joining), Status(2))).IsHealthy);
    }
}

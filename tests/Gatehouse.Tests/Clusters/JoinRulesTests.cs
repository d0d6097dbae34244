using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Joining;
using Gatehouse.Core.Clusters.Messages;
using Xunit;
using static Gatehouse.Tests.Clusters.SampleViews;

namespace Gatehouse.Tests.Clusters;

public sealed class JoinRulesTests
{
    private static readonly ImmutableSortedDictionary<string, int> NoUsers = ImmutableSortedDictionary<string, int>.Empty;

    // Three in two places: nothing to say about the placement.
    private static readonly ClusterView Three = View(
        Node(1) with
        {
            Location = "Berlin",
        },
        Node(2) with
        {
            Location = "Bonn",
        },
        Node(3) with
        {
            Location = "Berlin",
        }
    );

    private static readonly JoinContext Context = new(
        Three,
        "n4.example.org",
        "node",
        "0.1.2",
        Now,
        [
            new("n1.example.org", NoUsers.Add("Debian-exim", 104)),
            new("n2.example.org", NoUsers.Add("Debian-exim", 104).Add("clamav", 120)),
            new("n3.example.org", NoUsers),
        ],
        ""
    );

    private static readonly JoinRequest Request = new()
    {
        Protocol = JoinRequest.ThisProtocol,
        Release = "0.1.2",
        Code = "ABC123",
        Secret = "secret",
        Name = "n4.example.org",
        Address = "192.0.2.4",
        Port = 1028,
        Location = "",
        Clock = Now,
        Users = NoUsers,
        EchoPort = 1028,
        Echo = "echo",
        Request = "",
    };

    [Fact]
    public void A_fit_host_gives_no_finding() => Assert.Empty(JoinRules.Judge(Request, Context));

    [Theory]
    [InlineData("0.1.9", false)]
    [InlineData("0.2.2", true)]
    [InlineData("1.1.2", true)]
    [InlineData("", true)]
    public void Releases_may_differ_in_the_last_part(string release, bool isError) =>
        Only("release", isError, Request with { Release = release });

    [Fact]
    public void Another_protocol_is_an_error_and_names_the_release_to_install() =>
        Assert.Contains(
            "Install release 0.1.2",
            Only("protocol", true, Request with { Protocol = 2, Release = "9.0.0" }).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void The_codes_name_is_the_hosts_name() => Only("name", true, Request with { Name = "n5.example.org" });

    [Fact]
    public void A_taken_name_is_refused_but_not_to_the_host_that_was_interrupted()
    {
        var context = Context with { Name = "n3.example.org" };
        Only("name-taken", true, Request with { Name = "n3.example.org" }, context);
        var joining = context with { View = View([.. Three.Nodes.Select(n => n.Number == 3 ? n with { State = NodeState.Joining } : n)]) };
        Assert.Empty(JoinRules.Judge(Request with { Name = "n3.example.org", Address = "192.0.2.3" }, joining));
        Only("name-taken", true, Request with { Name = "n3.example.org" }, joining);
        var removed = context with { View = View([.. Three.Nodes, Node(4, state: NodeState.Removed)]) };
        Assert.Empty(JoinRules.Judge(Request, removed with { Name = "n4.example.org" }));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("n4.example.org")]
    [InlineData("")]
    public void An_address_that_nobody_reaches_is_refused(string address) => Only("address", true, Request with { Address = address });

    [Fact]
    public void An_address_belongs_to_one_member_unless_the_port_differs()
    {
        Assert.Contains(
            "n2.example.org (node 2)",
            Only("address-taken", true, Request with { Address = "192.0.2.2" }).Message,
            StringComparison.Ordinal
        );
        Assert.Empty(JoinRules.Judge(Request with { Address = "192.0.2.2", Port = 1029 }, Context));
    }

    [Theory]
    [InlineData(6, false)]
    [InlineData(-60, false)]
    [InlineData(61, true)]
    [InlineData(-86_400, true)]
    public void Clocks_are_together(int seconds, bool isError) => Only("clock", isError, Request with { Clock = Now.AddSeconds(seconds) });

    [Fact]
    public void A_few_seconds_between_clocks_are_nothing() =>
        Assert.Empty(JoinRules.Judge(Request with { Clock = Now.AddSeconds(-5) }, Context));

    [Fact]
    public void Users_with_other_numbers_are_told()
    {
        Assert.Contains(
            "Debian-exim has the number 999 on this host and 104 on n1.example.org, 104 on n2.example.org.",
            Only("user-ids", false, Request with { Users = NoUsers.Add("Debian-exim", 999).Add("_rspamd", 1) }).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "clamav has the number 1 on this host and 120 on n2.example.org.",
            Only("user-ids", false, Request with { Users = NoUsers.Add("clamav", 1) }).Message,
            StringComparison.Ordinal
        );
        Assert.Empty(JoinRules.Judge(Request with { Users = NoUsers.Add("Debian-exim", 104) }, Context));
    }

    [Fact]
    public void The_way_back_must_be_open_if_it_was_tried()
    {
        Assert.Contains(
            "port 1028: it does not answer",
            Only("way-back", true, Request, Context with { WayBack = "it does not answer" }).Message,
            StringComparison.Ordinal
        );
        Assert.Empty(JoinRules.Judge(Request, Context with { WayBack = null }));
    }

    [Fact]
    public void An_unwise_placement_warns() =>
        Assert.Contains(JoinRules.Judge(Request, Context with { Profile = "full" }), f => f is { IsError: false, Code: "placement" });

    [Fact]
    public void Everything_is_told_at_once()
    {
        var findings = JoinRules.Judge(
            Request with
            {
                Release = "1.0.0",
                Name = "n1.example.org",
                Address = IPAddress.Loopback.ToString(),
                Clock = Now.AddHours(1),
            },
            Context with
            {
                WayBack = "no",
            }
        );
        Assert.Equal(["release", "name", "name-taken", "address", "clock", "way-back"], findings.Where(f => f.IsError).Select(f => f.Code));
    }

    private static JoinFinding Only(string code, bool isError, JoinRequest request, JoinContext? context = null)
    {
        var finding = Assert.Single(JoinRules.Judge(request, context ?? Context));
        Assert.Equal((code, isError), (finding.Code, finding.IsError));
        Assert.EndsWith(".", finding.Message, StringComparison.Ordinal);
        return finding;
    }
}

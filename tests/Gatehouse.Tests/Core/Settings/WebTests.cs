using System.Text.RegularExpressions;
using Gatehouse.Core.Rendering;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>Which rspamd a management web shows, and how the members that scan let it in.</summary>
public sealed class WebTests
{
    private const string Conf = "/etc/nginx/conf.d/gatehouse-controller.conf";
    private const string Viewer =
        "    - {name: w2.example.org, address: 192.0.2.12, profile: web, id: 2, former: 192.0.2.112}\n    - {name: w3.example.org, "
        + "address: \"2001:db8::13\", profile: web, id: 3}\n";
    private const string First = "    - {name: m7.example.org, address: 192.0.2.17, profile: mail, id: 7}\n";
    private const string Others = "    - {name: n8.example.org, address: \"2001:db8::18\", profile: node, id: 8}\n" + Silent;
    private const string Silent = "    - {name: d9.example.org, address: 192.0.2.19, profile: database, id: 9}\n";

    [Theory]
    [InlineData("mail")]
    [InlineData("node")]
    [InlineData("full")]
    public void A_member_that_scans_lets_in_the_others_with_a_management_web_and_nobody_else(string profile)
    {
        var node = Render(profile, Viewer + First + Others);
        Assert.Equal(
            ["allow 192.0.2.12;", "allow 192.0.2.112;", "allow 2001:db8::13;", "allow 2001:db8::18;", "deny all;"],
            Regex.Matches(node.FileText(Conf), "(?:allow|deny) .*;").Select(m => m.Value)
        );
        Assert.Contains("ssl_verify_client on;", node.FileText(Conf), StringComparison.Ordinal);
        Assert.Contains("if ($gatehouse_viewers_refused) {", node.FileText(Conf), StringComparison.Ordinal);
        Assert.DoesNotContain("savemap", node.FileText(Conf), StringComparison.Ordinal);
        Assert.True(node.Entries.Single(e => e.Path == Conf) is { Secret: true, Owner.Mode: 0x180 });
        var firewall = node.FileText("/etc/gatehouse/firewall.nft");
        Assert.Contains("elements = { 192.0.2.12/32, 192.0.2.112/32 }", firewall, StringComparison.Ordinal);
        Assert.Equal(
            ["ip saddr @viewer4 tcp dport 11335 accept", "ip6 saddr @viewer6 tcp dport 11335 accept"],
            firewall.Split('\n').Where(l => l.Contains("dport 11335 ", StringComparison.Ordinal)).Select(l => l.Trim())
        );
        Assert.Single(node.Units, u => u.Unit is { Name: "nginx.service", Running: true });
        Assert.Contains("nginx", node.Packages);
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("node")]
    [InlineData("full")]
    public void Where_no_other_member_has_a_management_web_nothing_is_opened(string profile)
    {
        var node = Render(profile, First + Silent);
        Assert.DoesNotContain(node.Entries, e => e.Path == Conf);
        Assert.DoesNotContain(
            node.FileText("/etc/gatehouse/firewall.nft").Split('\n'),
            l => l.Contains("11335", StringComparison.Ordinal) && l.EndsWith("accept", StringComparison.Ordinal)
        );
        Assert.Equal(profile != "mail", node.Packages.Contains("nginx"));
    }

    [Fact]
    public void A_web_node_without_mail_shows_each_member_that_scans_below_its_name()
    {
        var node = Render("web", First + Others);
        var members = node.FileText("/etc/nginx/gatehouse/members.conf");
        Assert.Equal(
            [("m7.example.org", "192.0.2.17"), ("n8.example.org", "[2001:db8::18]")],
            Regex
                .Matches(
                    members,
                    @"location /([^/ ]+)/ \{[^}]*if \(\$gatehouse_refused\) \{\s*return 403;\s*\}[^}]*proxy_pass "
                        + @"https://(\S+):11335/;\s*proxy_ssl_name \1;"
                )
                .Select(m => (m.Groups[1].Value, m.Groups[2].Value))
        );
        Assert.Contains("rewrite ^ /members.html last;", members, StringComparison.Ordinal);
        Assert.Contains(
            "<li><a href=\"/m7.example.org/\">m7.example.org</a></li>\n<li><a href=\"/n8.example.org/\">n8.example.org</a></li>\n",
            node.FileText("/etc/nginx/gatehouse/pages/members.html"),
            StringComparison.Ordinal
        );
        // It needs no password of rspamd, so it has none.
        Assert.DoesNotContain(node.Contents.Values, c => c.Text.Contains("controller-password-of-the-samples", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_one_member_that_scans_there_is_nothing_to_choose()
    {
        Assert.Contains(
            "location = / {\n\tset $member m7.example.org;\n\ttry_files /none @member;\n}",
            Render("web", First).FileText("/etc/nginx/gatehouse/members.conf"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "No member of the cluster scans mail yet.",
            Render("web", Viewer).FileText("/etc/nginx/gatehouse/pages/members.html"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_node_with_mail_and_web_shows_its_own_rspamd_among_the_others()
    {
        var members = Render("node", Viewer + First).FileText("/etc/nginx/gatehouse/members.conf");
        Assert.Equal(
            ["http://127.0.0.1:11334/", "https://192.0.2.17:11335/"],
            Regex.Matches(members, @"proxy_pass (\S+);").Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)
        );
        Assert.Single(Regex.Matches(members, "include /etc/nginx/gatehouse/controller.conf;"));
        Assert.DoesNotContain(
            "11334",
            Render("node", Viewer + First).FileText("/etc/nginx/gatehouse/interface.conf"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_standalone_gateway_has_nobody_else_to_show()
    {
        var node = Samples.Render(Samples.Minimal);
        Assert.Contains(
            "proxy_pass http://127.0.0.1:11334/;",
            node.FileText("/etc/nginx/gatehouse/interface.conf"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            node.Entries,
            e =>
                e.Path.Contains("members", StringComparison.Ordinal)
                || e.Path.StartsWith("/etc/nginx/gatehouse/node", StringComparison.Ordinal)
        );
    }

    // The maker of passwords looks there for the one that it made before.
    [Theory]
    [InlineData("mail")]
    [InlineData("node")]
    public void Every_member_that_scans_keeps_the_password_of_its_controller(string profile) =>
        Assert.Equal("controller-password-of-the-samples\n", Render(profile, First).FileText("/etc/gatehouse/secrets/controller-password"));

    private static RenderedNode Render(string profile, string peers) =>
        Samples.Render($"{Samples.Member(profile)}cluster:\n  id: 1\n  peers:\n{peers}");
}

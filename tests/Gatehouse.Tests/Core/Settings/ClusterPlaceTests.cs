using System.Text.RegularExpressions;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Screens;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>What a node is to the others: which ports it opens to whom, by what its messages are told apart, what it shares.</summary>
public sealed partial class ClusterPlaceTests
{
    private const string Peers = """
        cluster:
          name: example
          peers:
            - {name: mx2.example.org, address: 192.0.2.12, profile: full, id: 2}
            - {name: lb1.example.org, address: 192.0.2.13, profile: balancer, id: 3}

        """;

    // What a duty opens: to whom, and which ports.
    private static readonly Dictionary<string, string[]> Open = new(StringComparer.Ordinal)
    {
        ["database"] = ["member: 5432, 6432", "database: 2379, 2380, 8008"],
        ["cache"] = ["cache: 6379, 26379"],
        ["mq"] = ["member: 5671", "queue: 4369, 25672, 35672-35682"],
        ["indexer"] = [],
        ["mail"] = ["anybody: 25"],
        ["web"] = ["web: 80, 443", "balancer: 8080, 8443"],
        ["balancer"] = ["anybody: 25", "anybody: 80", "anybody: 443"],
    };

    public static TheoryData<string> Profiles => [.. Profile.Names];

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_profile_opens_the_ports_of_its_duties_to_whom_they_are_for_and_no_others(string name)
    {
        var profile = Profile.Find(name)!;
        var firewall = Render(name, "").FileText("/etc/gatehouse/firewall.nft");
        Assert.Contains(
            "policy drop;",
            firewall.Replace("policy drop\n", "policy drop;\n", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        var open = Accept()
            .Matches(firewall)
            .Select(m => $"{(m.Groups[1].Success ? m.Groups[1].Value : "anybody")}: {m.Groups[2].Value.Trim('{', '}', ' ')}");
        // Where mail is scanned, the other members with a management web come to show that.
        string[] clustered = ["anybody: 1028", .. profile.Has("mail") ? ["viewer: 11335"] : Array.Empty<string>()];
        string[] expected = ["admin: 22", .. profile.Clustered ? clustered : [], .. profile.Roles.SelectMany(r => Open[r])];
        Assert.Equal(expected.Order(StringComparer.Ordinal), open.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(16, true)]
    [InlineData(17, false)]
    [InlineData(200, false)]
    public void The_nodes_number_is_in_its_message_ids_as_far_as_Exim_takes_it_and_in_the_names_of_what_it_keeps(int number, bool inIds)
    {
        var exim = Render("mail", "", number).FileText("/etc/exim4/exim4.conf");
        Assert.Equal(inIds, exim.Contains(FormattableString.Invariant($"localhost_number = {number}\n"), StringComparison.Ordinal));
        Assert.Contains(FormattableString.Invariant($"$tod_zulu}}}}/{number}\"\n"), exim, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quarantine_of_the_nodes_own_is_synchronised_on_a_port_for_members_alone()
    {
        var node = Render("mail", "scanner:\n  quarantine_shared: built-in\n");
        Assert.Contains(node.Units, u => u.Unit.Name == "gatehouse-sync.service");
        Assert.Contains("ip saddr @sync4 tcp dport 1027 accept", node.FileText("/etc/gatehouse/firewall.nft"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "tcp dport 1027 accept",
            node.FileText("/etc/gatehouse/firewall.nft")
                .Replace("saddr @sync4 tcp dport 1027 accept", "", StringComparison.Ordinal)
                .Replace("saddr @sync6 tcp dport 1027 accept", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_shared_file_system_takes_the_place_of_synchronising_and_has_to_be_mounted()
    {
        var node = Render("mail", "scanner:\n  quarantine_shared: file-system\n");
        Assert.DoesNotContain(node.Units, u => u.Unit.Name == "gatehouse-sync.service");
        Assert.DoesNotContain("1027", node.FileText("/etc/gatehouse/firewall.nft"), StringComparison.Ordinal);
        Assert.Contains(node.Checks, c => c.Check.Name == "the shared quarantine is mounted");
        Assert.Contains(node.Verifications, v => v.Verification.Name == "mount of the shared quarantine");
        Assert.DoesNotContain(Render("mail", "").Checks, c => c.Check.Name == "the shared quarantine is mounted");
    }

    [Fact]
    public void Mail_and_web_believe_the_header_of_those_that_each_of_them_names()
    {
        var node = Render(
            "node",
            "mta:\n  postmaster: postmaster@example.com\n  load_balancers: [192.0.2.61]\nweb:\n  load_balancers: [192.0.2.62]\n"
        );
        Assert.Matches("hostlist load_balancers = .*192\\.0\\.2\\.61", node.FileText("/etc/exim4/exim4.conf"));
        Assert.DoesNotContain("192.0.2.62", node.FileText("/etc/exim4/exim4.conf"), StringComparison.Ordinal);
        Assert.Contains(
            "192.0.2.62",
            string.Join(
                '\n',
                node.Entries.Where(e => e.Path.StartsWith("/etc/nginx/", StringComparison.Ordinal) && node.Contents.ContainsKey(e.Hash))
                    .Select(e => node.FileText(e.Path))
            ),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "192.0.2.61",
            string.Join(
                '\n',
                node.Entries.Where(e => e.Path.StartsWith("/etc/nginx/", StringComparison.Ordinal) && node.Contents.ContainsKey(e.Hash))
                    .Select(e => node.FileText(e.Path))
            ),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Only_who_holds_the_registry_starts_a_cluster(string name) =>
        Assert.Equal(Profile.Find(name)!.Has("database"), NodeDuties.MayIssue(name));

    private static RenderedNode Render(string profile, string more, int number = 1)
    {
        var yaml = Samples.Member(profile);
        if (more.Contains("mta:", StringComparison.Ordinal))
            yaml = yaml[..yaml.IndexOf("mta:", StringComparison.Ordinal)];
        return Samples.Render(
            yaml
                + (
                    Profile.Find(profile)!.Clustered
                        ? Peers
                            .Replace(
                                "name: example\n",
                                FormattableString.Invariant($"name: example\n  id: {number}\n"),
                                StringComparison.Ordinal
                            )
                            .Replace(FormattableString.Invariant($"id: {number}}}"), "id: 99}", StringComparison.Ordinal)
                        : ""
                )
                + more
        );
    }

    [GeneratedRegex(@"^\s*(?:ip saddr @([a-z]+)4 )?tcp dport (\{[^}]*\}|\S+) accept$", RegexOptions.Multiline)]
    private static partial Regex Accept();
}

using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>Which nodes may have a virtual address, which one has it first, and what is refused.</summary>
public sealed class VirtualAddressTests
{
    private const string Peers = """
        cluster:
          id: 1
          peers:
            - {name: m2.example.org, address: 192.0.2.12, profile: node, id: 2, former: 192.0.2.112}
            - {name: m3.example.org, address: 192.0.2.13, profile: mail, id: 3}
            - {name: d4.example.org, address: 192.0.2.14, profile: database, id: 4}

        """;

    private const string Network = "addresses:\n  networks:\n    - {network: 192.0.2.0/24, interface: eth7}\n  bindings:\n";

    [Fact]
    public void A_node_shares_an_address_with_the_others_of_its_duty_and_lets_nobody_else_talk_about_it()
    {
        var node = Samples.Render(Samples.Member("node") + Peers + Network + "    - {address: 192.0.2.99}\n");
        var text = node.FileText("/etc/keepalived/keepalived.conf");
        Assert.Contains("192.0.2.99/32 dev eth7", text, StringComparison.Ordinal);
        Assert.Contains(
            "    unicast_src_ip 192.0.2.10\n    unicast_peer {\n        192.0.2.12\n        192.0.2.13\n    }\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("virtual_router_id 99\n", text, StringComparison.Ordinal);
        Assert.Contains("nopreempt", text, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.14", text, StringComparison.Ordinal);
        var firewall = node.FileText("/etc/gatehouse/firewall.nft");
        Assert.Contains("elements = { 192.0.2.12/32, 192.0.2.112/32, 192.0.2.13/32 }", firewall, StringComparison.Ordinal);
        Assert.Contains("meta l4proto 112 ip saddr @carrier4 accept", firewall, StringComparison.Ordinal);
        Assert.Equal("keepalived.service", node.Units[^1].Unit.Name);
        Assert.DoesNotContain(
            Samples.Render(Samples.Member("database") + Peers + Network + "    - {address: 192.0.2.99}\n").Entries,
            e => e.Path.Contains("keepalived", StringComparison.Ordinal)
        );
    }

    // 99 % 3 = 0: the first of three. 100: the second.
    [Theory]
    [InlineData("{address: 192.0.2.99}", 200, true)]
    [InlineData("{address: 192.0.2.100}", 198, true)]
    [InlineData("{address: 192.0.2.100, preferred: mx1.example.org}", 200, false)]
    [InlineData("{address: 192.0.2.99, preferred: m3.example.org}", 199, false)]
    [InlineData("{address: 192.0.2.99, preferred: gone.example.org}", 200, true)]
    public void The_preferred_node_comes_first_and_takes_the_address_back(string binding, int priority, bool stays)
    {
        var text = Samples
            .Render(Samples.Member("node") + Peers + Network + $"    - {binding}\n")
            .FileText("/etc/keepalived/keepalived.conf");
        Assert.Contains($"priority {priority}\n", text, StringComparison.Ordinal);
        Assert.Equal(stays, text.Contains("nopreempt", StringComparison.Ordinal));
        Assert.Equal(!stays, text.Contains("preempt_delay", StringComparison.Ordinal));
    }

    [Fact]
    public void A_web_node_without_mail_may_have_the_address_of_the_web()
    {
        var node = Samples.Render(
            Samples.Member("web")
                + Peers
                + Network
                + "    - {address: 192.0.2.99, service: web, preferred: mx1.example.org}\n    - {address: 192.0.2.98}\n"
        );
        var text = node.FileText("/etc/keepalived/keepalived.conf");
        Assert.Contains("192.0.2.99/32 dev eth7", text, StringComparison.Ordinal);
        Assert.Contains("    unicast_peer {\n        192.0.2.12\n    }\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.98", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Mail_leaves_by_an_address_only_while_it_is_here()
    {
        var outgoing = Network + "    - {address: 192.0.2.99, outgoing: true}\n    - {address: 192.0.2.98}\n";
        var exim = Samples.Render(Samples.Member("node") + Peers + outgoing).FileText("/etc/exim4/exim4.conf");
        Assert.Contains(
            "  interface = \"<; ${if !match_domain{$domain}{+relay_to_domains}{ ${if match_ip{192.0.2.99}{@[]}{192.0.2.99 ; }} }}\"\n",
            exim,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "interface =",
            Samples.Render(Samples.Member("node") + Peers + Network + "    - {address: 192.0.2.99}\n").FileText("/etc/exim4/exim4.conf"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void All_that_is_wrong_with_addresses_is_found_at_once()
    {
        const string wrong = """
            addresses:
              networks:
                - {network: 192.0.2.0/24, interface: eth7, prefix: 33}
              bindings:
                - {address: 192.0.2.12}
                - {address: 198.51.100.7, service: web, preferred: m3.example.org}
                - {address: 192.0.2.255, preferred: m2.example.com}
                - {address: 192.0.2.0, router_id: 7}
                - {address: 192.0.2.50, service: balancer, outgoing: true}
                - {address: "2001:db8::99"}

            """;
        Assert.Null(Samples.Resolve(Samples.Member("node") + Peers + wrong, null, out var report));
        var found = report.Where(f => f.Path.StartsWith("addresses", StringComparison.Ordinal)).Select(f => $"{f.Path} {f.Code}").ToArray();
        Assert.Equal(
            [
                "addresses.bindings[1].address address-taken",
                "addresses.bindings[2].address no-network",
                "addresses.bindings[2].preferred cannot-have",
                "addresses.bindings[3].address bad-value",
                "addresses.bindings[3].preferred not-a-member",
                "addresses.bindings[4].address bad-value",
                "addresses.bindings[4].router_id id-taken",
                "addresses.bindings[5] nobody-can",
                "addresses.bindings[5].outgoing no-mail-there",
                "addresses.bindings[6].address no-network",
                "addresses.bindings[6].address other-family",
                "addresses.bindings[6].address other-family",
                "addresses.bindings[6].address other-family",
                "addresses.networks[1].prefix bad-value",
            ],
            found.Order(StringComparer.Ordinal)
        );
        Assert.Contains("Did you mean 'm2.example.org'?", report.Single(f => f.Code == "not-a-member").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_in_no_cluster_has_none()
    {
        var node = Samples.Render(Samples.Minimal + Network + "    - {address: 192.0.2.99}\n");
        Assert.DoesNotContain("keepalived", node.Packages);
    }
}

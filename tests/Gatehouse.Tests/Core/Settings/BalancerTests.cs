using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>What a balancer hands on to whom, and who takes a PROXY header from it.</summary>
public sealed class BalancerTests
{
    private const string Peers = """
        cluster:
          id: 9
          peers:
            - {name: m1.example.org, address: 192.0.2.11, profile: node, id: 1}
            - {name: m2.example.org, address: "2001:db8::12", profile: mail, id: 2}
            - {name: l3.example.org, address: 192.0.2.13, profile: balancer, id: 3, former: 192.0.2.113}
            - {name: d4.example.org, address: 192.0.2.14, profile: database, id: 4}
            - {name: w5.example.org, address: 192.0.2.15, profile: web, id: 5}

        """;

    [Fact]
    public void A_balancer_hands_mail_and_web_to_the_nodes_that_serve_them()
    {
        var node = Samples.Render(Samples.Member("balancer") + Peers);
        var haproxy = node.FileText("/etc/gatehouse/balancer/haproxy.cfg");
        Assert.Equal(["smtp", "http", "https"], Regex.Matches(haproxy, @"(?m)^listen (\w+)$").Select(m => m.Groups[1].Value));
        Assert.Contains(
            "    server m1.example.org 192.0.2.11:25 source 192.0.2.10\n    server m2.example.org 2001:db8::12:25\n",
            haproxy,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "    server m1.example.org 192.0.2.11:443 source 192.0.2.10 check-ssl verify none\n",
            haproxy,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "    server w5.example.org 192.0.2.15:443 source 192.0.2.10 check-ssl verify none\n",
            haproxy,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("192.0.2.15:25", haproxy, StringComparison.Ordinal);
        Assert.DoesNotContain("m2.example.org 2001:db8::12:443", haproxy, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.14", haproxy, StringComparison.Ordinal);
        Assert.Contains(node.Units, u => u.Unit is { Name: "gatehouse-balancer.service", Running: true });
        var firewall = node.FileText("/etc/gatehouse/firewall.nft");
        Assert.All(["25", "80", "443"], p => Assert.Contains($"tcp dport {p} accept", firewall, StringComparison.Ordinal));
        Assert.DoesNotContain("exim4-daemon-heavy", node.Packages);
    }

    [Fact]
    public void Nodes_take_the_header_from_the_balancers_of_their_cluster_and_from_those_listed()
    {
        var node = Samples.Render(
            Samples.Member("node")
                + "  load_balancers: [192.0.2.5]\nweb:\n  load_balancers: [192.0.2.6]\nbalancer:\n  nodes: [d4.example.org]\n"
                + Peers
        );
        Assert.Contains(
            "hostlist load_balancers = <; 192.0.2.5 ; 192.0.2.13 ; 192.0.2.113 ; 192.0.2.14\n",
            node.FileText("/etc/exim4/exim4.conf"),
            StringComparison.Ordinal
        );
        var nginx = node.FileText("/etc/nginx/conf.d/gatehouse.conf");
        Assert.All(["6", "13", "113", "14"], a => Assert.Contains($"set_real_ip_from 192.0.2.{a};", nginx, StringComparison.Ordinal));
        Assert.DoesNotContain("192.0.2.5;", nginx, StringComparison.Ordinal);
        Assert.Contains(
            "elements = { 192.0.2.6/32, 192.0.2.13/32, 192.0.2.113/32, 192.0.2.14/32 }",
            node.FileText("/etc/gatehouse/firewall.nft"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_node_of_another_duty_balances_when_it_is_named()
    {
        Assert.DoesNotContain(Samples.Render(Samples.Member("database") + Peers).Units, u => u.Unit.Name == "gatehouse-balancer.service");
        var node = Samples.Render(Samples.Member("database") + "balancer:\n  nodes: [mx1.example.org]\n" + Peers);
        Assert.Contains(node.Units, u => u.Unit is { Name: "gatehouse-balancer.service", Running: true });
        Assert.Contains(node.Units, u => u.Unit is { Name: "gatehouse-primary.service", Running: true });
    }

    [Fact]
    public void All_that_is_wrong_with_balancers_is_found_at_once()
    {
        Samples.Resolve(
            Samples.Member("node") + "balancer:\n  nodes: [m1.example.org, m2.example.com]\n  ports: [25, 587, 465]\n" + Peers,
            null,
            out var report
        );
        Assert.Equal(
            ["not-a-member", "port-not-served", "port-not-served", "ports-taken"],
            report.Where(f => f.Path.StartsWith("balancer", StringComparison.Ordinal)).Select(f => f.Code).Order()
        );
        Assert.Contains(report, f => f.Code == "not-a-member" && f.Severity == Severity.Warning);
    }

    [Fact]
    public void A_host_that_is_no_member_listens_and_talks_at_its_own_address()
    {
        var settings = Samples.Settings(Samples.Member("node") + Peers);
        var haproxy = ForeignFiles.Balancer(Samples.Templates, settings, [Samples.Address("192.0.2.200")])!;
        Assert.Contains("    bind 192.0.2.200:25\n", haproxy, StringComparison.Ordinal);
        Assert.Contains("    server mx1.example.org 192.0.2.10:25 source 192.0.2.200\n", haproxy, StringComparison.Ordinal);
        Assert.DoesNotContain("v6only", haproxy, StringComparison.Ordinal);
        Assert.Contains("    bind :::25 v6only\n", ForeignFiles.Balancer(Samples.Templates, settings, []), StringComparison.Ordinal);
        Assert.Contains(
            "server mx1.example.org 192.0.2.10:25",
            ForeignFiles.Balancer(Samples.Templates, Samples.Settings(Samples.Minimal), []),
            StringComparison.Ordinal
        );
        Assert.Null(ForeignFiles.Balancer(Samples.Templates, Samples.Settings(Samples.Member("database")), []));
    }

    [Fact]
    public void Services_are_described_for_Consul_with_the_tags_of_Fabio()
    {
        Assert.DoesNotContain(
            Samples.Render(Samples.Member("node") + Peers).Entries,
            e => e.Path.StartsWith("/etc/consul.d", StringComparison.Ordinal)
        );
        var node = Samples.Render(Samples.Member("node") + "  submission_ports: [587]\nbalancer:\n  consul: true\n" + Peers);
        var services = JsonNode.Parse(node.FileText("/etc/consul.d/gatehouse.json"))!["services"]!.AsArray();
        Assert.Equal(
            [("smtp", 25), ("submission", 587), ("http", 80), ("https", 443)],
            services.Select(s => ((string)s!["name"]!, (int)s["port"]!))
        );
        Assert.All(services, s => Assert.Equal($"urlprefix-:{(int)s!["port"]!} proto=tcp pxyproto=true", (string)s["tags"]![0]!));
        Assert.Contains(node.Entries, e => e.Path == "/etc/gatehouse/alive");
        Assert.Null(ForeignFiles.Consul(Samples.Templates, Samples.Settings(Samples.Member("database"))));
    }
}

using System.Text.RegularExpressions;
using Gatehouse.Core.Reports;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>Which services of the backend a node runs, whom it tells of whom, and who may come to them.</summary>
public sealed class BackendTests
{
    private const string NoQueue = "backend:\n  message_queue: false\n";

    private const string Peers = """
        cluster:
          id: 2
          peers:
            - {name: b1.example.org, address: 192.0.2.11, profile: backend, id: 1}
            - {name: m7.example.org, address: 192.0.2.17, profile: mail, id: 7}
            - {name: b3.example.org, address: "2001:db8::13", profile: backend, id: 3}
            - {name: w8.example.org, address: 192.0.2.18, profile: web, id: 8, former: 192.0.2.118}

        """;

    [Fact]
    public void A_host_in_no_cluster_keeps_its_own_Redis()
    {
        var node = Samples.Render(Samples.Minimal);
        Assert.Contains(node.Units, u => u.Unit.Name == "redis-server@gatehouse.service");
        Assert.Contains("servers = \"127.0.0.1:6379\"", node.FileText("/etc/rspamd/local.d/redis.conf"), StringComparison.Ordinal);
        Assert.DoesNotContain("sentinel", node.FileText("/etc/rspamd/local.d/redis.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public void So_does_a_cluster_without_a_node_of_type_cache()
    {
        var node = Samples.Render(
            Samples.Member("node")
                + "cluster:\n  id: 2\n  peers:\n    - {name: d1.example.org, address: 192.0.2.11, profile: database, id: 1}\n"
        );
        Assert.Contains(node.Units, u => u.Unit.Name == "redis-server@gatehouse.service" && u.Unit.Running);
    }

    [Fact]
    public void Mail_nodes_ask_the_Sentinels_of_all_cache_nodes()
    {
        var node = Samples.Render(Samples.Member("mail") + Peers);
        Assert.DoesNotContain(node.Units, u => u.Unit.Name == "redis-server@gatehouse.service");
        var redis = node.FileText("/etc/rspamd/local.d/redis.conf");
        Assert.Contains("sentinels = \"192.0.2.11:26379,[2001:db8::13]:26379\";", redis, StringComparison.Ordinal);
        Assert.Contains("password = \"redis-password-of-the-cluster\";", redis, StringComparison.Ordinal);
        Assert.Contains("lua_redis.lua", node.FileText("/etc/rspamd/rspamd.local.lua"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 3)]
    public void The_quorum_is_a_majority_of_the_cache_nodes(int others, int quorum)
    {
        var peers = string.Concat(
            Enumerable
                .Range(2, others)
                .Select(n => $"    - {{name: c{n}.example.org, address: 192.0.2.{20 + n}, profile: cache, id: {n}}}\n")
        );
        var node = Samples.Render(Samples.Member("cache") + "cluster:\n  id: 1\n" + (others > 0 ? $"  peers:\n{peers}" : ""));
        Assert.Contains(
            $"sentinel monitor gatehouse @PRIMARY@ 6379 {quorum}\n",
            node.FileText("/etc/redis/gatehouse/sentinel.conf"),
            StringComparison.Ordinal
        );
        Assert.Equal(others + 1, node.FileText("/etc/redis/gatehouse/nodes").Trim().Split('\n').Length);
    }

    [Fact]
    public void All_nodes_agree_on_the_order_of_the_queue_and_only_the_oldest_begins_it()
    {
        var second = Samples.Render(Samples.Member("mq") + Peers);
        Assert.Equal(
            ["b1.example.org", "mx1.example.org", "b3.example.org"],
            Regex.Matches(second.FileText("/etc/rabbitmq/conf.d/20-gatehouse-nodes.conf"), "rabbit@(.*)").Select(m => m.Groups[1].Value)
        );
        Assert.DoesNotContain("the first node of the queue", second.FileText("/etc/rabbitmq/gatehouse/begin"), StringComparison.Ordinal);
        Assert.Contains(
            "the first node of the queue",
            Samples
                .Render(
                    Samples.Member("mq")
                        + Peers.Replace("id: 2", "id: 1", StringComparison.Ordinal).Replace("id: 1}", "id: 2}", StringComparison.Ordinal)
                )
                .FileText("/etc/rabbitmq/gatehouse/begin"),
            StringComparison.Ordinal
        );
    }

    // C14 of the rules of clusters: every node knows every other node's queue, and none is made by mistake.
    [Fact]
    public void Every_member_has_a_quorum_queue_and_may_make_no_other()
    {
        var definitions = System.Text.Json.Nodes.JsonNode.Parse(
            Samples.Render(Samples.Member("mq") + Peers).FileText("/etc/rabbitmq/gatehouse/members.json")
        )!;
        string[] members = ["b1.example.org", "mx1.example.org", "b3.example.org", "m7.example.org", "w8.example.org"];
        Assert.Equal(members, definitions["queues"]!.AsArray().Select(q => (string)q!["name"]!));
        Assert.All(definitions["queues"]!.AsArray(), q => Assert.Equal("quorum", (string)q!["arguments"]!["x-queue-type"]!));
        Assert.Equal(members, definitions["users"]!.AsArray().Select(u => (string)u!["name"]!));
        Assert.All(definitions["permissions"]!.AsArray(), p => Assert.Equal("^$", (string)p!["configure"]!));
    }

    // C29: each port for the members that need it.
    [Fact]
    public void Ports_are_open_to_the_members_that_need_them()
    {
        var firewall = Samples.Render(Samples.Member("backend") + Peers).FileText("/etc/gatehouse/firewall.nft");
        Assert.Equal("192.0.2.10/32, 192.0.2.11/32, 192.0.2.17/32, 192.0.2.18/32, 192.0.2.118/32", Sorted(firewall, "cache4"));
        Assert.Equal("2001:db8::13/128", Sorted(firewall, "cache6"));
        Assert.Equal("192.0.2.10/32, 192.0.2.11/32", Sorted(firewall, "queue4"));
        Assert.Equal("192.0.2.18/32, 192.0.2.118/32", Sorted(firewall, "session4"));
        Assert.Contains("ip saddr @cache4 tcp dport { 6379, 26379 } accept", firewall, StringComparison.Ordinal);
        Assert.Contains("ip saddr @queue4 tcp dport { 4369, 25672, 35672-35682 } accept", firewall, StringComparison.Ordinal);
        Assert.Contains("ip saddr @member4 tcp dport 5671 accept", firewall, StringComparison.Ordinal);
        Assert.DoesNotContain("tcp dport 11211 accept", firewall, StringComparison.Ordinal);
        Assert.DoesNotContain("{ 9306, 9312 } accept", firewall, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "{ 6379, 26379 } accept",
            Samples.Render(Samples.Member("mail") + Peers).FileText("/etc/gatehouse/firewall.nft"),
            StringComparison.Ordinal
        );
    }

    // C16: no memcached in a clustered backend.
    [Fact]
    public void Memcached_runs_on_a_backend_of_one_node_and_is_refused_in_a_larger_one()
    {
        const string on = "backend:\n  memcached: true\n";
        Assert.Contains("memcached", Samples.Render(Samples.Member("backend") + on).Packages);
        Assert.Null(Samples.Resolve(Samples.Member("backend") + Peers + on, null, out var report));
        var finding = Assert.Single(report, f => f.Code == "memcached-clustered");
        Assert.Contains("3 nodes", finding.Message, StringComparison.Ordinal);
        Assert.Contains("Redis", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_queue_runs_unless_it_is_not_wanted()
    {
        Assert.Contains("rabbitmq-server", Samples.Render(Samples.Member("backend") + Peers).Packages);
        var without = Samples.Render(Samples.Member("backend") + Peers + NoQueue);
        Assert.DoesNotContain("rabbitmq-server", without.Packages);
        var firewall = without.FileText("/etc/gatehouse/firewall.nft");
        Assert.DoesNotContain("dport 5671 accept", firewall, StringComparison.Ordinal);
        Assert.DoesNotContain("dport { 4369", firewall, StringComparison.Ordinal);
        Assert.Contains("nothing-to-run", Findings(Samples.Member("mq") + Peers + NoQueue));
        Assert.Contains("nothing-to-run", Findings(Samples.Member("mq") + Peers + "backend:\n  queue: queue.example.net\n"));
    }

    [Fact]
    public void The_search_index_is_off_until_it_is_wanted()
    {
        Assert.DoesNotContain("sphinxsearch", Samples.Render(Samples.Member("indexer") + Peers).Packages);
        Assert.Contains("nothing-to-run", Findings(Samples.Member("indexer") + Peers));
        var node = Samples.Render(Samples.Member("indexer") + Peers + "backend:\n  search_index: true\n");
        Assert.Contains("sphinxsearch", node.Packages);
        Assert.Contains(
            "agent = [2001:db8::13]:9312:messages",
            node.FileText("/etc/sphinxsearch/gatehouse.conf"),
            StringComparison.Ordinal
        );
        Assert.Contains("dport { 9306, 9312 } accept", node.FileText("/etc/gatehouse/firewall.nft"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_Redis_of_ones_own_takes_the_place_of_the_clusters()
    {
        const string own = "backend:\n  redis: redis.example.net:6380\n  redis_password: {file: /secret}\n";
        var inputs = Samples.With(("/secret", "own-password\n"));
        var mail = Samples.Render(Samples.Member("mail") + Peers + own, inputs);
        var redis = mail.FileText("/etc/rspamd/local.d/redis.conf");
        Assert.Contains("servers = \"redis.example.net:6380\";", redis, StringComparison.Ordinal);
        Assert.Contains("password = \"own-password\";", redis, StringComparison.Ordinal);
        Assert.DoesNotContain("sentinels", redis, StringComparison.Ordinal);
        Assert.DoesNotContain(mail.Units, u => u.Unit.Name.Contains("redis", StringComparison.Ordinal));
        Assert.DoesNotContain(
            Samples.Render(Samples.Member("cache") + Peers + own, inputs).Units,
            u => u.Unit.Name == "gatehouse-redis.service"
        );
    }

    [Fact]
    public void A_queue_of_ones_own_takes_the_place_of_the_clusters() =>
        Assert.DoesNotContain(
            "rabbitmq-server",
            Samples.Render(Samples.Member("mq") + Peers + "backend:\n  queue: queue.example.net\n").Packages
        );

    [Theory]
    [InlineData("  sessions: cache.example.net\n  memcached: true\n", "given-twice")]
    [InlineData("  search: search.example.net\n  search_index: true\n", "given-twice")]
    [InlineData("  redis: redis.example.net\n  redis_password: {generate: true}\n", "not-known-there")]
    [InlineData("  queue_user: me\n", "not-used")]
    public void What_contradicts_itself_is_told(string answers, string code) =>
        Assert.Contains(code, Findings(Samples.Member("backend") + "backend:\n" + answers));

    private static string[] Findings(string yaml)
    {
        Samples.Resolve(yaml, null, out Report report);
        return [.. report.Select(f => f.Code)];
    }

    private static string Sorted(string firewall, string set) =>
        string.Join(
            ", ",
            Regex
                .Match(firewall, $@"set {set} \{{[^}}]*elements = \{{ ([^}}]*) \}}")
                .Groups[1]
                .Value.Split(", ")
                .Order(Comparer<string>.Create((a, b) => a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(a, b)))
        );
}

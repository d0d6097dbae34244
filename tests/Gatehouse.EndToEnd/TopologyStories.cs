using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Clusters of the usual shapes. Mail comes in all the time while each of their nodes is cut off, dies and comes back, and at last the
/// whole backend is away: each message is delivered or kept once.
/// </summary>
[Trait("Lane", "slow")]
public sealed partial class TopologyStories : IDisposable
{
    private const string Outside = "e2e-g8";
    private const string Vip = "10.77.0.241";

    // What only a backend of one node can have, and what no mail needs; both have to prove that they work.
    private const string Applications = "backend:\n  search_index: true\n  memcached: true\n";
    private static readonly string Addresses =
        $"addresses:\n  networks:\n    - {{network: 10.77.0.0/24, interface: eth0}}\n  bindings:\n    - {{address: {Vip}}}\n";
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Gone = TimeSpan.FromSeconds(5);
    private Node[] nodes = [];

    private sealed record Node(string Host, string Profile, string Place = "")
    {
        public bool Scans => Profile is "mail" or "node" or "full";

        public bool IsBackend => Profile is "backend" or "full";

        // A node of the backend alone.
        public bool IsBehind => Profile is "backend";
    }

    public void Dispose() => Lab.Down([.. nodes.Select(n => n.Host), Outside]);

    [Fact]
    public void One_backend_with_two_nodes() =>
        Live(
            [new("e2e-g1", "backend"), new("e2e-g2", "node"), new("e2e-g3", "node")],
            Vip,
            200,
            Addresses + Applications,
            "Registry +1 vote, none may fail",
            "Mail +2 nodes, 1 may fail",
            "Web +2 nodes, 1 may fail"
        );

    [Fact]
    public void Three_nodes_that_do_everything() =>
        Live(
            [new("e2e-g1", "full", "Berlin"), new("e2e-g2", "full", "Wien"), new("e2e-g3", "full", "Bern")],
            Vip,
            440,
            Addresses,
            "Registry +3 votes, 1 may fail",
            "Queue +3 nodes, 1 may fail",
            "Mail +3 nodes, 2 may fail"
        );

    [Fact]
    public void Three_backends_in_three_places_two_for_mail_and_one_for_the_web_behind_a_balancer()
    {
        Node[] all =
        [
            new("e2e-g1", "backend", "Berlin"),
            new("e2e-g2", "backend", "Wien"),
            new("e2e-g3", "backend", "Bern"),
            new("e2e-g4", "mail"),
            new("e2e-g5", "mail"),
            new("e2e-g6", "web"),
            new("e2e-g7", "balancer"),
        ];
        Live(
            all,
            Address("e2e-g7"),
            720,
            "",
            "Registry +3 votes, 1 may fail",
            "Redis +3 nodes, 1 may fail",
            "Mail +2 nodes, 1 may fail",
            "Web +1 node, none may fail"
        );
    }

    // Two messages a second go to the entry.
    private void Live(Node[] members, string entry, int messages, string more, params string[] duties)
    {
        nodes = members;
        Begin(more);
        // Its exit code tells of the load too, which all hosts of the lab share.
        var map = Lab.Exec(nodes[^1].Host, "gatehouse", "status", "--map", "--timeout", "15").Output;
        Assert.All(nodes, n => Assert.Contains(n.Place, map, StringComparison.Ordinal));
        Assert.All(duties, d => Assert.Matches($"(?m)^{d}$", map));

        EveryScannerIsShown(entry);
        Lab.Exec(
                Outside,
                "systemd-run",
                "--quiet",
                "--unit=sender",
                "python3",
                "/root/mail.py",
                "send",
                entry,
                Text(messages),
                Text(messages / 2),
                "/root/sent"
            )
            .Expect(0);
        foreach (var host in nodes.OrderBy(n => n.IsBackend).Select(n => n.Host))
        {
            Away(host, () => Lab.Link(host, "down"), () => Lab.Link(host, "up"));
            // The cable goes first: a host without power says no goodbye.
            Away(
                host,
                () =>
                {
                    Lab.Link(host, "down");
                    Lab.Crash(host);
                },
                () => Lab.Boot(host)
            );
        }

        if (nodes.Any(n => n.IsBehind))
            BackendAway(messages);
        EveryScannerIsShown(entry);
        Count(messages);
    }

    private void Begin(string more)
    {
        var first = nodes[0];
        Lab.Up("full", [.. nodes.Select(n => n.Host).Append(Outside).Select(h => $"{h}={Address(h)}")]);
        Beginning.Install([.. nodes.Select(n => n.Host)]);
        var answers = Beginning
            .Answers("topology.yaml", first.Host, Address(first.Host))
            .Replace(
                "  profile: full\n",
                $"  profile: {first.Profile}\n{(first.Place.Length > 0 ? $"  location: {first.Place}\n" : "")}",
                StringComparison.Ordinal
            );
        Beginning.Bootstrap(first.Host, answers + more);
        foreach (var n in nodes[1..])
            Beginning.Join(
                n.Host,
                Address(n.Host),
                n.Profile,
                first.Host,
                Address(first.Host),
                n.Place.Length > 0 ? ["--location", n.Place] : []
            );
        Lab.Push(Outside, Path.Combine(Lab.Root(), "tests", "bench", "mail.py"), "/root/mail.py");
        Lab.Exec(Outside, "systemd-run", "--quiet", "--unit=sink", "python3", "/root/mail.py", "sink", "2525", "/root/taken", "0.2")
            .Expect(0);
        Well();
    }

    // With the password that the first node was given for all, whichever node is asked.
    private void EveryScannerIsShown(string entry)
    {
        Assert.Equal("401", Page("-o", "/dev/null", "-w", "%{http_code}", $"https://{entry}/"));
        string[] login = ["-u", $"admin:Canary-of-{nodes[0].Host}"];
        var page = Page([.. login, $"https://{entry}/"]);
        foreach (var name in nodes.Where(n => n.Scans).Select(n => Beginning.Name(n.Host)))
        {
            Assert.Contains($"href=\"/{name}/\"", page, StringComparison.Ordinal);
            Assert.Contains("\"scanned\":", Page([.. login, $"https://{entry}/{name}/stat"]), StringComparison.Ordinal);
        }
    }

    private static string Page(params string[] words) => Lab.Exec(Outside, ["curl", "-sk", "--max-time", "20", .. words]).Expect(0).Output;

    // Whoever is away, somebody else tells of it, and when it is back all is well without anybody's doing.
    private void Away(string host, Action go, Action come)
    {
        var other = nodes.First(n => n.Host != host).Host;
        go();
        Lab.Until(
            $"{other} tells that {host} is away",
            Soon,
            () => Status(other) is { ExitCode: 1 } status && AwayRow(host).IsMatch(status.Output)
        );
        Thread.Sleep(Gone);
        come();
        Well();
    }

    // The registry, the cache and the queue are gone: mail is taken and delivered all the same, and who asks is told.
    private void BackendAway(int messages)
    {
        var behind = nodes.Where(n => n.IsBehind).ToArray();
        var scanning = nodes.Where(n => n.Scans).Select(n => n.Host).ToArray();
        foreach (var n in behind)
            Lab.Link(n.Host, "down");
        Lab.Until(
            "the registry is missed",
            Soon,
            () =>
                Status(scanning[0]) is { ExitCode: 1 } status
                && status.Output.StartsWith("The registry does not answer", StringComparison.Ordinal)
        );
        for (var i = 0; i < scanning.Length; i++)
            Lab.Exec(
                    Outside,
                    "swaks",
                    "--silent",
                    "2",
                    "--server",
                    Address(scanning[i]),
                    "--from",
                    "sender@client.example",
                    "--to",
                    "user@example.org",
                    "--header",
                    $"Subject: bench {Text(messages + 1 + i)}"
                )
                .Expect(0);
        Lab.Until(
            "they are delivered",
            Soon,
            () =>
                Enumerable
                    .Range(messages + 1, scanning.Length)
                    .All(n => Lab.Shell(Outside, $"grep -q '^taken {Text(n)} ' /root/taken").ExitCode == 0)
        );
        foreach (var n in behind)
            Lab.Link(n.Host, "up");
        Well();
    }

    private void Count(int messages)
    {
        var scanning = nodes.Where(n => n.Scans).Select(n => n.Host).ToArray();
        Lab.Until(
            "all is sent",
            TimeSpan.FromMinutes(6),
            () => Lab.Exec(Outside, "systemctl", "is-active", "--quiet", "sender").ExitCode != 0
        );
        // What was on its way out when a cable was pulled waits for its next try, a quarter of an hour; nobody else has to.
        Lab.Exec(nodes[0].Host, "gatehouse", "cluster", "run", "flush-queue").Expect(0);
        foreach (var host in scanning)
            Lab.UntilDone($"the queue of {host} holds no message", Soon, () => Lab.Shell(host, "exim4 -bp; test $(exim4 -bpc) = 0"));
        Lab.Until("every node has every kept message", Soon, () => scanning[1..].All(h => Kept(h).SequenceEqual(Kept(scanning[0]))));
        Lab.Write(Outside, "/root/kept", string.Concat(Kept(scanning[0]).Select(k => $"{k}\n")));
        var count = Lab.Exec(Outside, "python3", "/root/mail.py", "count", "/root/sent", "/root/taken", "/root/kept").Expect(0).Output;
        // Twice for a reason, RFC 5321 section 6.1, is a connection that broke between the message and the answer.
        Assert.True(
            count.Contains($"promised {Text(messages)} ", StringComparison.Ordinal)
                && count.Contains("\nnever 0 lost 0 twice 0 ", StringComparison.Ordinal),
            count
        );
    }

    private void Well() => LifeHosts.Agree("the cluster", [.. new[] { nodes[0], nodes[1], nodes[^1] }.Select(n => n.Host).Distinct()]);

    private static Result Status(string host) => Lab.Exec(host, "gatehouse", "status", "--timeout", "10");

    private static string Address(string host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{232 + host[^1] - '0'}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // NODE/MESSAGE and the number that its subject has, of every message that is kept here.
    private static string[] Kept(string host) =>
        [
            .. KeptFile()
                .Matches(
                    Lab.Shell(
                        host,
                        "cd /var/spool/gatehouse/quarantine && grep -m1 -H '^Subject: bench [0-9]*' -r --include='*.msg' ."
                    ).Output
                )
                .Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}")
                .Order(StringComparer.Ordinal),
        ];

    private static Regex AwayRow(string host) =>
        new($@"(?m)^{Regex.Escape(Beginning.Name(host))}\(\d+\) +\S+ +\S+-E ", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"(?m)^\./[0-9]*/([0-9]*/[^:]*)\.msg:Subject: bench ([0-9]+)$")]
    private static partial Regex KeptFile();
}

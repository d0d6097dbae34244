using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Three nodes hold the registry, and it goes on while the one that takes writes is killed, then its whole host, then its
/// link.</summary>
[Trait("Lane", "slow")]
public sealed class DatabaseStories : IDisposable
{
    private const string Ask =
        "ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/gatehouse/pki/cluster-ca.pem "
        + "--cert=/etc/gatehouse/pki/node.crt --key=/etc/gatehouse/pki/node.key member list";
    private static readonly string[] Hosts = ["e2e-d1", "e2e-d2", "e2e-d3"];
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);
    private int written;

    public DatabaseStories()
    {
        Lab.Up("full", [.. Hosts.Select(h => $"{h}={Address(h)}")]);
        Beginning.Install(Hosts);
        Beginning.Bootstrap(Hosts[0], Beginning.Answers("life.yaml", Hosts[0], Address(Hosts[0])));
        foreach (var host in Hosts[1..])
            Beginning.Join(host, Address(host), "database", Hosts[0], Address(Hosts[0]));
    }

    public void Dispose() => Lab.Down(Hosts);

    [Fact]
    public void The_registry_takes_writes_again_within_30_s_of_any_death_and_loses_nothing_that_it_took()
    {
        // From one vote to three, without anybody's doing.
        Lab.Until("three votes", Soon, () => Votes(Hosts[0]) == 3);
        Lab.Until("two copies, one of them in sync", Soon, () => Roles(Hosts[0]) is ["Leader", "Replica", "Sync Standby"]);
        Lab.Exec(
                Hosts[0],
                "psql",
                "-U",
                "postgres",
                "-d",
                "gatehouse",
                "-qc",
                "CREATE TABLE public.probe (n int PRIMARY KEY); GRANT USAGE ON SCHEMA public TO gatehouse_node; GRANT INSERT, SELECT ON "
                    + "public.probe TO gatehouse_node"
            )
            .Expect(0);
        Writable(Hosts[1], Soon);
        Assert.Equal("f", Pool(Hosts[2]));

        Lab.Shell(Hosts[0], "kill -9 $(head -1 /var/lib/postgresql/15/main/postmaster.pid)").Expect(0);
        Writable(Hosts[1], TimeSpan.FromSeconds(30));

        // Only a copy that has everything may take over; after a death it takes a few seconds until there is one again.
        Lab.Until("a copy in sync", TimeSpan.FromSeconds(30), () => Roles(Hosts[1]).Contains("Sync Standby"));
        var primary = Primary(Hosts[1]);
        var survivors = Hosts.Where(h => h != primary).ToArray();
        Lab.Crash(primary);
        Writable(survivors[0], TimeSpan.FromSeconds(30));
        Lab.Until("the pool finds the new primary", Soon, () => Pool(survivors[1]) == "f");
        foreach (var host in survivors)
            Lab.Until(
                $"{host} tells who is there",
                Soon,
                () =>
                    Lab.Exec(host, "gatehouse", "status", "--timeout", "15") is { ExitCode: 1 } status
                    && !status.Output.Contains("does not answer;", StringComparison.Ordinal)
            );

        Lab.Boot(primary);
        Lab.Until(
            "the old primary copies",
            Soon,
            () => Roles(survivors[0]) is ["Leader", "Replica", "Sync Standby"] && Primary(survivors[0]) != primary
        );
        foreach (var host in Hosts)
            Lab.Until($"{host} has every row", Soon, () => Rows(host) == written);

        // Cut off from the others, the one that takes writes takes none any more: what it took would be lost. They go on, and it copies
        // from them when the link is back.
        var alone = Primary(Hosts[0]);
        var others = Hosts.Where(h => h != alone).ToArray();
        Lab.Link(alone, "down");
        Writable(others[0], TimeSpan.FromSeconds(30));
        Lab.Until(
            "who is alone takes no writes",
            TimeSpan.FromSeconds(60),
            () =>
                Lab.Exec(alone, "psql", "-U", "postgres", "-d", "gatehouse", "-Atc", "INSERT INTO public.probe VALUES (1000000)").ExitCode
                != 0
        );
        Lab.Link(alone, "up");
        Lab.Until(
            "it copies from them",
            Soon,
            () => Roles(others[0]) is ["Leader", "Replica", "Sync Standby"] && Primary(others[0]) != alone
        );
        foreach (var host in Hosts)
            Lab.Until($"{host} has every row and no other", Soon, () => Rows(host) == written);

        // One that takes writes hands that over before it is removed, and with two left one vote is enough.
        var leaver = Primary(Hosts[0]) is var writer && writer == Hosts[0] ? Hosts[1] : writer;
        Lab.Exec(Hosts[0], "gatehouse", "node", "remove", Beginning.Name(leaver), "--yes").Expect(0);
        var left = Hosts.Where(h => h != leaver).ToArray();
        Lab.Until("one vote", Soon, () => left.Any(h => Votes(h) == 1));
        Lab.Until("one copy", Soon, () => Roles(Hosts[0]) is ["Leader", "Sync Standby"]);
        Writable(Hosts[0], TimeSpan.FromSeconds(30));

        NeverFollows(left);

        // Another goes by itself, and the first is alone again, with all that was written.
        Lab.Exec(left[1], "gatehouse", "leave", "--yes").Expect(0);
        Lab.Until("nobody else", Soon, () => Roles(Hosts[0]) is ["Leader"]);
        Writable(Hosts[0], TimeSpan.FromSeconds(30));
        Assert.Equal(written, Rows(Hosts[0]));

        // The memory of the only vote is lost. It does not begin anew by itself, for it cannot know that there is no other; whoever follows
        // does.
        Lab.Until(
            "who votes is known",
            Soon,
            () => Lab.Shell(Hosts[0], "grep -q '\"votes_since\":\"' /var/lib/gatehouse-agent/view.json").ExitCode == 0
        );
        Lab.Shell(Hosts[0], "systemctl stop etcd && rm -r /var/lib/etcd/gatehouse && ! systemctl start etcd").Expect(0);
        Lab.Exec(Hosts[0], "gatehouse", "sync").Expect(0);
        Assert.Equal(1, Votes(Hosts[0]));
        Writable(Hosts[0], TimeSpan.FromSeconds(30));
        Assert.Equal(written, Rows(Hosts[0]));
    }

    // The replica is away for longer than the primary keeps its log, as after a weekend: it is seen, and copied anew. Then something else
    // writes its hosts file, as provisioning tools do at a boot.
    private static void NeverFollows(string[] left)
    {
        var primary = Primary(left[0]);
        var replica = left.Single(h => h != primary);
        Lab.Exec(replica, "systemctl", "stop", "patroni").Expect(0);
        Lab.Until("its slot is dropped", Soon, () => Sql(primary, "SELECT count(*) FROM pg_replication_slots") == "0");
        for (var segment = 0; segment < 16; segment++)
            Sql(primary, "SELECT pg_logical_emit_message(true, 'x', repeat('y', 1000)); SELECT pg_switch_wal()");
        Sql(primary, "CHECKPOINT");
        Sql(primary, "CHECKPOINT");
        Lab.Exec(replica, "systemctl", "start", "patroni").Expect(0);
        Lab.Until("it runs", Soon, () => Sql(replica, "SELECT pg_is_in_recovery()") == "t");
        var problem = $"{Beginning.Name(replica)}: its replica of the registry receives nothing from the primary";
        Lab.Until(
            "the status names it",
            Soon,
            () =>
                Lab.Exec(primary, "gatehouse", "status", "--timeout", "15") is { ExitCode: 1 } status
                && status.Output.Contains(problem, StringComparison.Ordinal)
        );
        Assert.Contains(
            $"gatehouse_node_replica_follows{{node=\"{Beginning.Name(replica)}\"",
            Lab.Exec(primary, "gatehouse", "status", "--prometheus", "--timeout", "15").Output,
            StringComparison.Ordinal
        );
        for (var look = 0; look < 3; look++)
            Assert.Contains(
                "receives nothing",
                Lab.Exec(replica, "/etc/postgresql/gatehouse/verify", "member").Output,
                StringComparison.Ordinal
            );
        Lab.Exec(replica, "gatehouse", "sync").Expect(0);
        Assert.Contains(
            "answers as replica",
            Lab.Exec(replica, "/etc/postgresql/gatehouse/verify", "member").Output,
            StringComparison.Ordinal
        );
        Lab.Until("it is in sync", Soon, () => Roles(primary) is ["Leader", "Sync Standby"]);

        Lab.Write(replica, "/etc/hosts", "127.0.0.1 localhost\n");
        Lab.Until(
            "the names of the members are back",
            Soon,
            () => Lab.Exec(replica, "grep", "-q", $"{Address(primary)} {Beginning.Name(primary)}", "/etc/hosts").ExitCode == 0
        );
        Lab.Until(
            "the status names neither",
            Soon,
            () =>
                Lab.Exec(primary, "gatehouse", "status", "--timeout", "15").Output is var said
                && said.Contains(Beginning.Name(replica), StringComparison.Ordinal)
                && !said.Contains("receives nothing", StringComparison.Ordinal)
                && !said.Contains("no longer names", StringComparison.Ordinal)
        );
    }

    private static string Sql(string host, string statement) => Lab.Exec(host, "psql", "-U", "postgres", "-Atc", statement).Output.Trim();

    private static string Address(string host) => $"10.77.0.20{host[^1] + 3 - '0'}";

    private static string Login(string host, string target, string options) =>
        $"PGCONNECT_TIMEOUT=2 timeout 5 psql -XAtqw \"{target} dbname=gatehouse user={Beginning.Name(host)} {options} sslmode=verify-full "
        + $"sslrootcert=/etc/gatehouse/pki/cluster-ca.pem sslcert=/etc/gatehouse/pki/node.crt sslkey=/etc/gatehouse/pki/node.key\"";

    // As members do: by the list of all database nodes, whoever of them takes writes.
    private void Writable(string host, TimeSpan within)
    {
        var login = Login(host, $"host={string.Join(',', Hosts.Select(Address))}", "target_session_attrs=read-write");
        var start = Stopwatch.GetTimestamp();
        while (
            Lab.Shell(
                host,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{login} -c 'INSERT INTO public.probe VALUES ({written + 1}) ON CONFLICT DO NOTHING'"
                )
            ).ExitCode != 0
        )
            Assert.True(Stopwatch.GetElapsedTime(start) < within, $"the registry takes no writes within {within.TotalSeconds:0} s");
        written++;
    }

    private static string Pool(string host) =>
        Lab.Shell(host, $"{Login(host, "host=localhost port=6432", "")} -c 'SELECT pg_is_in_recovery()'").Output.Trim();

    private static int Votes(string host) =>
        Lab.Shell(host, Ask)
            .Output.Split('\n')
            .Count(l => l.Contains("started", StringComparison.Ordinal) && l.EndsWith("false", StringComparison.Ordinal));

    private static string Copies(string host) =>
        Lab.Shell(host, "patronictl -c /etc/patroni/config.yml list --format tsv 2>/dev/null").Output;

    private static string[] Roles(string host) =>
        [
            .. Copies(host)
                .Split('\n')
                .Skip(1)
                .Select(l => l.Split('\t'))
                .Where(c => c.Length > 4 && c[4] is "running" or "streaming")
                .Select(c => c[3])
                .Order(StringComparer.Ordinal),
        ];

    private static string Primary(string host)
    {
        var primary = "";
        Lab.Until(
            "there is a primary",
            Soon,
            () =>
                (
                    primary =
                        Hosts.FirstOrDefault(h =>
                            Copies(host)
                                .Split('\n')
                                .Any(l =>
                                    l.Contains($"\t{Beginning.Name(h)}\t", StringComparison.Ordinal)
                                    && l.Contains("\tLeader\t", StringComparison.Ordinal)
                                )
                        ) ?? ""
                ).Length > 0
        );
        return primary;
    }

    private static int Rows(string host) =>
        int.TryParse(
            Lab.Exec(host, "psql", "-U", "postgres", "-d", "gatehouse", "-Atc", "SELECT count(*) FROM public.probe").Output,
            CultureInfo.InvariantCulture,
            out var rows
        )
            ? rows
            : -1;
}

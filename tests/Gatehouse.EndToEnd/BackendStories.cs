using System.Globalization;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Three full nodes: one after the other loses its Redis, its message queue, and at last itself; until one is left, and others come
/// again. What was learned goes on being learned, and no message that was confirmed is lost as long as a majority has it.
/// </summary>
[Trait("Lane", "slow")]
public sealed class BackendStories : IDisposable
{
    private const string Late = "e2e-k4";
    private const string LateAddress = "10.77.0.210";
    private const string LateName = "k4.lab.example";
    private static readonly string[] Hosts = ["e2e-k1", "e2e-k2", "e2e-k3"];
    private static readonly string[] Addresses = ["10.77.0.207", "10.77.0.208", "10.77.0.209"];
    private static readonly string[] Names = ["k1.lab.example", "k2.lab.example", "k3.lab.example"];

    public BackendStories()
    {
        Lab.Up("full", [.. Hosts.Zip(Addresses, (h, a) => $"{h}={a}"), $"{Late}={LateAddress}"]);
        Beginning.Install([.. Hosts, Late]);
        foreach (var host in Hosts)
        {
            Lab.Push(host, Lab.File("Hosts", "amqp.py"), "/root/amqp.py");
            Lab.Push(host, Lab.File("Hosts", "learn"), "/root/learn");
        }

        Beginning.Bootstrap(Hosts[0], Beginning.Answers("cluster.yaml", Hosts[0], Addresses[0]));
        for (var i = 1; i < Hosts.Length; i++)
            Beginning.Join(Hosts[i], Addresses[i], "full", Hosts[0], Addresses[0]);
        foreach (var host in Hosts)
            Lab.UntilDone($"{host} knows three nodes of the cache", TimeSpan.FromSeconds(60), () => Cache(host, replicas: 2));
        foreach (var host in Hosts)
            Lab.UntilDone(
                $"{host} has every member's queue",
                TimeSpan.FromSeconds(60),
                () => Lab.Exec(host, "/etc/rabbitmq/gatehouse/settle", "done")
            );
    }

    public void Dispose() => Lab.Down([.. Hosts, Late]);

    [Fact]
    public void The_backend_goes_on_while_its_nodes_lose_their_services_one_after_the_other()
    {
        foreach (var host in Hosts)
            Learn(host, "before");
        Redis();
        Queue();
        Absence();
        Removal();
        Departure();
        Return();
        Death();
    }

    private static void Redis()
    {
        var primary = Array.IndexOf(Addresses, Primary(Hosts[0]));
        var others = Hosts.Where(h => h != Hosts[primary]).ToArray();
        Lab.Exec(Hosts[primary], "systemctl", "kill", "-s", "KILL", "gatehouse-redis.service").Expect(0);
        Lab.Until("another primary", TimeSpan.FromSeconds(15), () => Primary(others[0]) != Addresses[primary]);
        Lab.Until(
            "the killed one follows it",
            TimeSpan.FromSeconds(40),
            () => Ask(Hosts[primary], "info replication").Contains("master_link_status:up", StringComparison.Ordinal)
        );
        // rspamd hears of it within seconds; what scans and what learns both write to the new one.
        foreach (var host in Hosts)
            Learn(host, "after");
        Assert.Contains("verdict=clean", Lab.Exec(others[1], "gatehouse", "verify").Expect(0).All, StringComparison.Ordinal);
        // Nobody but members comes to it, and nobody without the password.
        foreach (var port in new[] { 6379, 26379, 5671, 4369, 25672 })
            Assert.NotEqual(0, Lab.Local("timeout", "2", "bash", "-c", $"</dev/tcp/{Addresses[0]}/{port}").ExitCode);
    }

    private static void Queue()
    {
        var refused = Amqp(Hosts[1], Names[0], "declare", "somewhere");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("ACCESS_REFUSED", refused.Error, StringComparison.Ordinal);
        var confirmed = int.Parse(Amqp(Hosts[1], Names[1], "publish", Names[2], "100").Expect(0).Output, CultureInfo.InvariantCulture);
        Lab.Exec(Hosts[0], "systemctl", "kill", "-s", "KILL", "rabbitmq-server.service").Expect(0);
        confirmed += int.Parse(
            Lab.UntilDone("the queue goes on", TimeSpan.FromSeconds(60), () => Amqp(Hosts[1], Names[1], "publish", Names[2], "100")).Output,
            CultureInfo.InvariantCulture
        );
        Lab.UntilDone("the killed node is back", TimeSpan.FromSeconds(90), () => Amqp(Hosts[1], Names[0], "publish", Names[1], "1"));
        // What was not confirmed may be there all the same.
        Assert.InRange(
            int.Parse(Amqp(Hosts[2], Names[0], "drain", Names[2]).Expect(0).Output, CultureInfo.InvariantCulture),
            confirmed,
            confirmed + 300
        );
    }

    // A node that was off has the lists of then. Who joined meanwhile has a queue with messages, and keeps it.
    private static void Absence()
    {
        Lab.Crash(Hosts[2]);
        Beginning.Join(Late, LateAddress, "web", Hosts[0], Addresses[0]);
        Lab.UntilDone("it has its queue", TimeSpan.FromSeconds(120), () => Settled(Hosts[0], LateName));
        Assert.Equal("20", Amqp(Hosts[0], Names[0], "publish", LateName, "20").Expect(0).Output.Trim());
        Lab.Boot(Hosts[2]);
        Lab.UntilDone($"{Hosts[2]} has the list of now", TimeSpan.FromSeconds(240), () => Settled(Hosts[2], LateName));
        Assert.Equal("20", Amqp(Hosts[2], Names[2], "drain", LateName).Expect(0).Output.Trim());
        Lab.UntilDone("its cache is back", TimeSpan.FromSeconds(60), () => Cache(Hosts[2], replicas: 2));
    }

    // A node is lost for good, and with it the primary: neither Sentinel nor the queue waits for it any more.
    private static void Removal()
    {
        MakePrimary(2);
        Lab.Crash(Hosts[2]);
        Remove(2);
        foreach (var host in Hosts[..2])
        {
            Lab.UntilDone($"the cache of {host} has forgotten it", TimeSpan.FromSeconds(90), () => Cache(host, replicas: 1));
            Lab.UntilDone($"the queue of {host} has forgotten it", TimeSpan.FromSeconds(120), () => Settled(host));
            Assert.DoesNotContain(
                Addresses[2],
                Lab.Exec(host, "nft", "list", "table", "inet", "gatehouse").Expect(0).Output,
                StringComparison.Ordinal
            );
            Learn(host, "later");
        }

        Assert.DoesNotContain(Names[2], QueueNodes(Hosts[0]), StringComparison.Ordinal);
    }

    // Of two nodes, the one that has the primary leaves. The other goes on with everything it was given.
    private static void Departure()
    {
        MakePrimary(1);
        // It asks the other one's Redis on the connection that it has, for as long as it is answered.
        Lab.Exec(
                Hosts[1],
                "systemd-run",
                "--quiet",
                "--unit=holding",
                "bash",
                "-c",
                $"exec 3<>/dev/tcp/{Addresses[0]}/6379; while printf 'PING\\r\\n' >&3 && read -r -t 5 <&3; do sleep 0.2; done"
            )
            .Expect(0);
        Amqp(Hosts[1], Names[1], "publish", Names[0], "50").Expect(0);
        Lab.Exec(Hosts[1], "systemctl", "is-active", "holding").Expect(0);
        Lab.Exec(Hosts[1], "gatehouse", "leave", "--yes").Expect(0);
        Alone();
        Assert.Equal(
            "inactive inactive inactive",
            string.Join(
                ' ',
                Lab.Exec(Hosts[1], "systemctl", "is-active", "gatehouse-redis", "gatehouse-sentinel", "rabbitmq-server")
                    .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            )
        );
        Lab.Until(
            "it has lost its connection",
            TimeSpan.FromSeconds(30),
            () => Lab.Exec(Hosts[1], "systemctl", "is-active", "--quiet", "holding").ExitCode != 0
        );
        Assert.Equal("50", Amqp(Hosts[0], Names[0], "drain", Names[0]).Expect(0).Output.Trim());
        Learn(Hosts[0], "alone");
    }

    // Under its old name, and after it was locked out of the queue.
    private static void Return()
    {
        Beginning.Join(Hosts[1], Addresses[1], "full", Hosts[0], Addresses[0]);
        foreach (var host in Hosts[..2])
        {
            Lab.UntilDone($"the cache of {host} has two nodes", TimeSpan.FromSeconds(90), () => Cache(host, replicas: 1));
            Lab.UntilDone($"the queue of {host} has two nodes", TimeSpan.FromSeconds(120), () => Settled(host));
            Assert.Contains(Names[1], QueueNodes(host), StringComparison.Ordinal);
        }
    }

    // A queue that lost the majority of its nodes cannot go on (RabbitMQ's documentation, quorum queues); a new one is begun. The host is
    // set up anew under its old name and joins at once, before the queue has settled: it is another node, and neither waits for the other.
    private static void Death()
    {
        MakePrimary(1);
        Lab.Down(Hosts[1]);
        Lab.Up("full", $"{Hosts[1]}={Addresses[1]}");
        Beginning.Install(Hosts[1]);
        Remove(1);
        Beginning.Join(Hosts[1], Addresses[1], "full", Hosts[0], Addresses[0]);
        foreach (var host in Hosts[..2])
        {
            Lab.UntilDone($"the cache of {host} has two nodes", TimeSpan.FromSeconds(90), () => Cache(host, replicas: 1));
            Lab.UntilDone($"the queue of {host} has two nodes", TimeSpan.FromSeconds(180), () => Settled(host));
            Assert.Contains(Names[1], QueueNodes(host), StringComparison.Ordinal);
        }

        Amqp(Hosts[0], Names[0], "publish", Names[0], "10").Expect(0);
        Assert.Equal("10", Amqp(Hosts[0], Names[0], "drain", Names[0]).Expect(0).Output.Trim());
        Learn(Hosts[0], "again");
        Lab.Shell(Hosts[0], "ls -d /var/lib/rabbitmq/mnesia.before-*/rabbit@*").Expect(0);
        Lab.UntilDone("the node that is left proves itself", TimeSpan.FromSeconds(120), () => Lab.Exec(Hosts[0], "gatehouse", "verify"));
    }

    private static void Alone()
    {
        Lab.UntilDone("the cache has one node", TimeSpan.FromSeconds(90), () => Cache(Hosts[0], replicas: 0));
        Lab.UntilDone("the queue has one node", TimeSpan.FromSeconds(180), () => Settled(Hosts[0]));
        Lab.UntilDone(
            "the queue answers",
            TimeSpan.FromSeconds(120),
            () => Lab.Exec(Hosts[0], "/etc/rabbitmq/gatehouse/settle", "answers")
        );
        foreach (var name in Names[1..])
            Assert.DoesNotContain(name, QueueNodes(Hosts[0]), StringComparison.Ordinal);
    }

    private static void Remove(int node) => Lab.Exec(Hosts[0], "gatehouse", "node", "remove", Names[node], "--yes").Expect(0);

    private static void MakePrimary(int node)
    {
        Ask(Hosts[node], "config set replica-priority 1");
        Lab.Until(
            $"{Hosts[node]} has the primary",
            TimeSpan.FromSeconds(60),
            () =>
            {
                if (Primary(Hosts[0]) != Addresses[node])
                    Lab.Shell(Hosts[0], "redis-cli -p 26379 sentinel failover gatehouse");
                Thread.Sleep(500);
                return Hosts.Where((_, i) => i <= node).All(h => Primary(h) == Addresses[node]);
            }
        );
    }

    // Its Sentinel knows a primary that is one, which has as many copies, and as many other Sentinels.
    private static Result Cache(string host, int replicas)
    {
        var sentinels = replicas + 1;
        return Lab.Shell(
            host,
            $"""
            redis-cli -p 26379 --raw info sentinel | tail -n 1
            /etc/redis/gatehouse/prepare primary &&
            redis-cli -p 26379 --raw info sentinel | grep -q 'status=ok.*slaves={replicas},sentinels={sentinels}' &&
            REDISCLI_AUTH=$(cat /etc/redis/gatehouse/password) redis-cli \
              -h $(redis-cli -p 26379 --raw sentinel get-master-addr-by-name gatehouse | head -n 1) \
              --raw info replication | grep connected_slaves:{replicas}
            """
        );
    }

    // Its queue is that of the members it knows of, one of which may be asked for.
    private static Result Settled(string host, string member = "") =>
        Lab.Shell(
            host,
            $"grep -q '{member}' /etc/rabbitmq/gatehouse/members.erl && /etc/rabbitmq/gatehouse/settle done | tee /dev/stderr | grep -q "
                + $"'every member has its queue'"
        );

    private static string QueueNodes(string host) =>
        Lab.Exec(host, "rabbitmqctl", "cluster_status", "--formatter", "json").Expect(0).Output;

    // What is learned is in the primary's keys at once, on whichever node it was. rspamd says that it has learned also while it knows
    // no primary, so another word is tried until it does.
    private static void Learn(string host, string when)
    {
        var tries = 0;
        Lab.UntilDone(
            $"what {host} learned {when} is in Redis",
            TimeSpan.FromSeconds(40),
            () =>
            {
                var keys = Keys(host);
                var said = Lab.Exec(
                    host,
                    "sh",
                    "/root/learn",
                    string.Create(CultureInfo.InvariantCulture, $"word{when}{host[^2..]}{++tries}")
                );
                for (var i = 0; i < 5 && Keys(host) <= keys; i++)
                    Thread.Sleep(200);
                return said with
                {
                    ExitCode = said.Output.Contains("success = true", StringComparison.Ordinal) && Keys(host) > keys ? 0 : 1,
                };
            }
        );
    }

    private static int Keys(string host) => int.Parse(Ask(host, "dbsize"), CultureInfo.InvariantCulture);

    private static string Ask(string host, string words) =>
        Lab.Shell(host, $"REDISCLI_AUTH=$(cat /etc/redis/gatehouse/password) redis-cli --raw {words}").Output;

    private static string Primary(string host) =>
        Lab.Shell(host, "redis-cli -p 26379 --raw sentinel get-master-addr-by-name gatehouse").Output.Split('\n')[0];

    private static Result Amqp(string host, params string[] words) =>
        Lab.Exec(host, ["timeout", "20", "python3", "/root/amqp.py", .. words]);
}

using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Two mail nodes that count messages together and whose logs one of them collects: no line is lost or comes twice while either
/// end is killed, and a message is found wherever it went, also on a node that is dead.
/// </summary>
[Trait("Lane", "slow")]
public sealed partial class LoggingStories : IDisposable
{
    private const string First = "e2e-l1";
    private const string Second = "e2e-l2";
    private const string FirstAddress = "10.77.0.231";
    private const string SecondAddress = "10.77.0.232";
    private const int Lines = 5000;
    private const int Limit = 6;

    public LoggingStories()
    {
        Lab.Up("full", $"{First}={FirstAddress}", $"{Second}={SecondAddress}");
        Beginning.Install(First, Second);
        Beginning.Bootstrap(
            First,
            Beginning
                .Answers("cluster.yaml", First, FirstAddress)
                .Replace(
                    "mta:\n",
                    $"  limits:\n    - {{name: domains, counts: outbound-domain, messages: {Limit}, per: 1h}}\nmta:\n  recipient_check: "
                        + $"none\n",
                    StringComparison.Ordinal
                ) + "cluster:\n  collect_logs: [l1.lab.example]\n"
        );
        Beginning.Join(Second, SecondAddress, "node", First, FirstAddress);
        Lab.Until("both agents", TimeSpan.FromSeconds(120), () => ClusterHosts.IsWell(First) && ClusterHosts.IsWell(Second));
    }

    public void Dispose() => Lab.Down(First, Second);

    [Fact]
    public void Lines_are_collected_once_through_kills_and_messages_are_found_and_counted_everywhere()
    {
        Collected();
        Spoiled();
        Subscribed();
        Counted();
        Found();
    }

    // The agent that hands lines out is killed while they are read, then the collector, then both.
    private static void Collected()
    {
        Lab.Until(
            "the second node's log is collected",
            TimeSpan.FromSeconds(30),
            () => Lab.Shell(First, "test -s /var/log/gatehouse-cluster/l2.lab.example/*.log").ExitCode == 0
        );
        var writing = Task.Run(() =>
            Lab.Shell(
                    Second,
                    $"i=1; while [ $i -le {Lines} ]; do echo \"counted $i.\"; i=$((i+1)); [ $((i % 500)) -gt 0 ] || sleep 0.3; done | "
                        + $"logger -p mail.info -t exim"
                )
                .Expect(0)
        );
        for (var kill = 0; kill < 3; kill++)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            if (kill != 1)
                Lab.Exec(Second, "systemctl", "kill", "-s", "KILL", "gatehouse-agent.service").Expect(0);
            if (kill != 0)
                Lab.Exec(First, "systemctl", "kill", "-s", "KILL", "gatehouse-logs.service").Expect(0);
        }

        writing.Wait();
        Lab.Until(
            "the last line",
            TimeSpan.FromSeconds(60),
            () => Lab.Shell(First, $"grep -q '\"counted {Lines}\\.\"' /var/log/gatehouse-cluster/l2.lab.example/*.log").ExitCode == 0
        );
        var kept = Lab.Shell(First, "grep -ho '\"counted [0-9]*\\.\"' /var/log/gatehouse-cluster/l2.lab.example/*.log | tr -dc '0-9\\n'")
            .Expect(0)
            .Output;
        Assert.Equal(
            Enumerable.Range(1, Lines),
            kept.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture))
        );
    }

    // Where one node's lines cannot be kept, the others' are.
    private static void Spoiled()
    {
        Lab.Shell(
                First,
                "systemctl stop gatehouse-logs && mv /var/log/gatehouse-cluster/l1.lab.example /root/kept && touch "
                    + "/var/log/gatehouse-cluster/l1.lab.example && systemctl start gatehouse-logs"
            )
            .Expect(0);
        Lab.Until(
            "it is told",
            TimeSpan.FromSeconds(30),
            () =>
                Lab.Shell(First, "journalctl -u gatehouse-logs -o cat | grep -q 'the log of l1.lab.example is not collected'").ExitCode == 0
        );
        Lab.Exec(Second, "logger", "-p", "mail.info", "-t", "exim", "the other one is not kept.").Expect(0);
        Lab.Until(
            "the second node's line",
            TimeSpan.FromSeconds(30),
            () => Lab.Shell(First, "grep -q 'the other one is not kept' /var/log/gatehouse-cluster/l2.lab.example/*.log").ExitCode == 0
        );
        Lab.Shell(
                First,
                "rm /var/log/gatehouse-cluster/l1.lab.example && mv /root/kept /var/log/gatehouse-cluster/l1.lab.example && systemctl "
                    + "restart gatehouse-logs"
            )
            .Expect(0);
    }

    private static void Subscribed()
    {
        Assert.Equal(Lines, Read("--node", "l2"));
        Assert.Equal(0, Read("--node", "l2"));
        Lab.Exec(Second, "logger", "-p", "mail.info", "-t", "exim", "counted 0.").Expect(0);
        Assert.Equal(1, Read());
        Assert.Equal(Lines + 1, Read("--replay"));
        Assert.Equal(0, Read("--from", "2099-01-01"));
        Assert.Equal(0, Read());

        static int Read(params string[] options) =>
            Lab.Exec(First, ["gatehouse", "logs", "--subscriber", "story", .. options])
                .Expect(0)
                .Output.Split('\n')
                .Count(l => CountedLine().IsMatch(l));
    }

    // Both nodes take messages in turn; the count is one.
    private static void Counted()
    {
        var replies = Enumerable
            .Range(0, Limit + 2)
            .Select(i => Send(i % 2 == 0 ? FirstAddress : SecondAddress, $"count-{i}").All)
            .ToArray();
        Assert.All(replies[..Limit], r => Assert.Contains("250 OK", r, StringComparison.Ordinal));
        Assert.All(
            replies[Limit..],
            r =>
                Assert.Contains(
                    $"451 too many messages for this domain (limit domains: {Limit} in 1h), try later",
                    r,
                    StringComparison.Ordinal
                )
        );
    }

    private static void Found()
    {
        foreach (var host in new[] { First, Second })
        {
            // Other lines about it, of its delivery, come later and name it by Exim's id alone.
            JsonElement[] found = [];
            Lab.Until(
                "more than one line",
                TimeSpan.FromSeconds(90),
                () =>
                {
                    found =
                    [
                        .. Lab.Exec(host, "gatehouse", "logs", "--id", "<count-1@client.example>", "--json")
                            .Expect(0)
                            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                            .Select(l => JsonDocument.Parse(l).RootElement),
                    ];
                    return found.Length > 1;
                }
            );
            Assert.All(found, l => Assert.Equal("l2.lab.example", l.GetProperty("node").GetString()));
            Assert.Contains(found, l => l.GetProperty("text").GetString()!.Contains("id=count-1@client.example", StringComparison.Ordinal));
        }

        Lab.Until(
            "its lines are collected",
            TimeSpan.FromSeconds(20),
            () => Lab.Shell(First, "grep -q 'id=count-1@client.example' /var/log/gatehouse-cluster/l2.lab.example/*.log").ExitCode == 0
        );
        Lab.Crash(Second);
        var without = Lab.Exec(First, "gatehouse", "logs", "--id", "count-1@client.example").Expect(1);
        Assert.Contains("id=count-1@client.example", without.Output, StringComparison.Ordinal);
        Assert.Contains("l2.lab.example: 10.77.0.232:1028 cannot be reached", without.Error, StringComparison.Ordinal);
        Assert.Contains("Its lines come from the copy collected by l1.lab.example.", without.Error, StringComparison.Ordinal);
        var own = Lab.Exec(First, "gatehouse", "logs", "--id", "count-0@client.example").Expect(1);
        Assert.Contains("id=count-0@client.example", own.Output, StringComparison.Ordinal);
        Lab.Boot(Second);
        Lab.Until(
            "it is collected again",
            TimeSpan.FromSeconds(60),
            () =>
                Lab.Shell(
                    First,
                    "grep -c . /var/log/gatehouse-cluster/l2.lab.example/*.log; journalctl -u gatehouse-logs -o cat | tail -1 | grep -q "
                        + "'l2.lab.example arrives again'"
                ).ExitCode == 0
        );
    }

    private static Result Send(string server, string name) =>
        Lab.Exec(
            First,
            "swaks",
            "--server",
            server,
            "--local-interface",
            FirstAddress,
            "--helo",
            "client.lab.example",
            "--from",
            "sender@client.example",
            "--to",
            "user@example.org",
            "--header",
            $"Message-Id: <{name}@client.example>",
            "--body",
            "plain words"
        );

    [GeneratedRegex(@"exim: counted \d+\.$")]
    private static partial Regex CountedLine();
}

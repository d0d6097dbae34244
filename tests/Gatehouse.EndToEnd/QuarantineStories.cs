using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;
using Xunit.Abstractions;

namespace Gatehouse.EndToEnd;

/// <summary>Two members share a quarantine: what one took is on the other, is released there while the first is dead, and once
/// only.</summary>
[Trait("Lane", "beside")]
public sealed partial class QuarantineStories : IDisposable
{
    private const string First = "e2e-q1";
    private const string Second = "e2e-q2";
    private const string Sink = "e2e-q3";
    private const string FirstAddress = "10.77.0.213";
    private const string SecondAddress = "10.77.0.214";
    private const string SinkAddress = "10.77.0.215";

    // In two pieces, so that no scanner minds this file.
    private static readonly string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    private readonly ITestOutputHelper output;

    public QuarantineStories(ITestOutputHelper output)
    {
        this.output = output;
        Lab.Up("full", $"{First}={FirstAddress}", $"{Second}={SecondAddress}", $"{Sink}={SinkAddress}");
        Beginning.MailHost(Sink);
        Beginning.Install(First, Second);
        Beginning.Bootstrap(
            First,
            Beginning
                .Answers("cluster.yaml", First, FirstAddress)
                .Replace("10.77.0.173", SinkAddress, StringComparison.Ordinal)
                .Replace("scanner:\n", "scanner:\n  quarantine_shared: built-in\n  virus_scanner: none\n", StringComparison.Ordinal)
                .Replace("mta:\n", "mta:\n  recipient_check: none\n", StringComparison.Ordinal)
        );
        Beginning.Join(Second, SecondAddress, "node", First, FirstAddress);
        Lab.Until("both agents", TimeSpan.FromSeconds(120), () => ClusterHosts.IsWell(First) && ClusterHosts.IsWell(Second));
        // The first has followed when it knows the second's certificate; a first message shows that they are connected.
        var warm = Quarantine(SecondAddress, "first of all");
        Lab.Until("both know each other", TimeSpan.FromSeconds(90), () => Shown(First, warm) && Shown(Second, warm));
    }

    public void Dispose() => Lab.Down(First, Second, Sink);

    [Fact]
    public void What_one_took_is_on_the_other_and_released_there_once_also_while_the_first_is_dead()
    {
        var times = new List<double>();
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            var watch = Stopwatch.StartNew();
            ids.Add(Quarantine(SecondAddress, string.Create(CultureInfo.InvariantCulture, $"story {i}\e[2J")));
            Lab.Until(
                "the message on the other node",
                TimeSpan.FromSeconds(30),
                () => Lab.Shell(First, $"ls /var/spool/gatehouse/quarantine/*/2/{ids[^1][2..]}*.msg").ExitCode == 0
            );
            times.Add(watch.Elapsed.TotalSeconds);
        }

        // How long that takes is measured by the benchmarks; here it is only shown.
        output.WriteLine(string.Join(", ", times));
        // Nothing that a stranger wrote reaches the terminal as it is, and it is told why.
        var shown = Lab.Exec(First, "gatehouse", "quarantine", "show", ids[0]).Expect(0).Output;
        Assert.DoesNotContain("\e", shown, StringComparison.Ordinal);
        Assert.Contains("high-spam", shown, StringComparison.Ordinal);

        // Both try at the same moment, several times each.
        var tries = Enumerable
            .Range(0, 6)
            .AsParallel()
            .WithDegreeOfParallelism(6)
            .Select(i => Lab.Exec(i % 2 == 0 ? First : Second, "gatehouse", "quarantine", "release", ids[0]))
            .ToArray();
        Assert.Single(tries, t => t.ExitCode == 0);
        Assert.All(tries.Where(t => t.ExitCode != 0), t => Assert.Equal(3, t.ExitCode));
        Lab.Until("delivery", TimeSpan.FromSeconds(30), () => Delivered(ids[0]) == 1);

        // Where nobody can tell whether another does the same, only the node that took the message may.
        Lab.Exec(First, "systemctl", "stop", "patroni").Expect(0);
        Assert.Contains(
            "the registry is away",
            Lab.Exec(First, "gatehouse", "quarantine", "release", ids[1]).Expect(3).Error,
            StringComparison.Ordinal
        );
        Lab.Exec(Second, "gatehouse", "quarantine", "release", ids[1]).Expect(0);
        // As the power's failure at this moment leaves it; and what is left of an earlier life of the host.
        Ledger(Second, ids[5], """{"action":"release","at":"2026-01-02T03:04:05+00:00","done":false,"untold":true}""");
        Ledger(Second, "77/1xUsvq-00009Z-5e", """{"action":"release","at":"2026-01-02T03:04:05+00:00","done":true,"untold":true}""");
        Lab.Exec(First, "systemctl", "start", "patroni").Expect(0);
        Lab.Until("the registry knows of it", TimeSpan.FromSeconds(90), () => State(First, ids[1]) == "released");
        Assert.Contains(
            "was released by q2.lab.example",
            Lab.Exec(First, "gatehouse", "quarantine", "release", ids[1]).Expect(3).Error,
            StringComparison.Ordinal
        );

        Lab.Until("the registry knows of what was begun", TimeSpan.FromSeconds(30), () => State(First, ids[5]) == "release");
        Assert.Contains(
            "never said how that ended",
            Lab.Exec(First, "gatehouse", "quarantine", "release", ids[5]).Expect(3).Error,
            StringComparison.Ordinal
        );
        Lab.Exec(Second, "gatehouse", "quarantine", "release", ids[5]).Expect(3);
        Assert.DoesNotContain(
            "\"untold\":true",
            Lab.Shell(Second, "cat /var/lib/gatehouse/quarantine/done/*").Expect(0).Output,
            StringComparison.Ordinal
        );

        // An old ledger is shorter after the night, whoever's turn it was; nobody commands the synchronisation.
        foreach (var host in new[] { First, Second })
        {
            Ledger(host, "78/1xUsvq-00009Z-5e", """{"action":"release","at":"2020-01-02T03:04:05+00:00","done":true,"untold":false}""");
            Lab.Exec(host, "systemctl", "start", "gatehouse-quarantine-retention.service").Expect(0);
            Lab.Shell(host, "test ! -e /var/lib/gatehouse/quarantine/done/78-1xUsvq-00009Z-5e.json").Expect(0);
            Lab.Shell(host, "systemctl show -P Result gatehouse-quarantine-retention.service | grep -qE '^(success|exec-condition)$'")
                .Expect(0);
            Assert.Equal(1, Lab.Shell(host, "ss -Hlpnx | grep syncthing || ss -Hlpnt | grep syncthing | grep -v :1027").ExitCode);
        }

        // A directory that is not mounted deletes nothing elsewhere.
        Lab.Shell(
                First,
                "systemctl stop gatehouse-sync && cd /var/spool/gatehouse && mv quarantine away && mkdir quarantine && chown Debian-exim: "
                    + "quarantine && systemctl start gatehouse-sync && sleep 8 && systemctl stop gatehouse-sync"
            )
            .Expect(0);
        Lab.Shell(First, "cd /var/spool/gatehouse && rmdir quarantine && mv away quarantine && systemctl start gatehouse-sync").Expect(0);
        Assert.True(Shown(Second, ids[2]));

        Lab.Exec(First, "gatehouse", "quarantine", "delete", ids[2]).Expect(0);
        Lab.Until("deletion on the other node", TimeSpan.FromSeconds(30), () => !Shown(Second, ids[2]));

        Lab.Crash(Second);
        Assert.True(Shown(First, ids[3]));
        Lab.Exec(First, "gatehouse", "quarantine", "release", ids[3]).Expect(0);
        Lab.Until("delivery", TimeSpan.FromSeconds(30), () => Delivered(ids[3]) == 1);
        Lab.Exec(First, "gatehouse", "quarantine", "release", ids[4], "--to", "other@example.org").Expect(0);
        Lab.Until("delivery to another", TimeSpan.FromSeconds(30), () => Delivered(ids[4]) == 1);
        Assert.Equal((1, 1), (Delivered(ids[0]), Delivered(ids[1])));
        Assert.Equal(0, Delivered(ids[2]));

        // Where it is not shared, what a node has taken waits for that node.
        Lab.Shell(
                First,
                "umask 077 && sed 's/quarantine_shared: .*/quarantine_shared: \"off\"/' /etc/gatehouse/answers.yaml > /root/alone.yaml && "
                    + "gatehouse apply /root/alone.yaml --yes"
            )
            .Expect(0);
        Assert.Contains(
            "lies on q2.lab.example alone",
            Lab.Exec(First, "gatehouse", "quarantine", "release", ids[3]).Expect(3).Error,
            StringComparison.Ordinal
        );
        // Once that node is back, it releases for the other, and the delivery outlives the unit that began it.
        Lab.Boot(Second);
        Lab.Until(
            "a release for the other",
            TimeSpan.FromSeconds(120),
            () => Lab.Exec(First, "gatehouse", "quarantine", "release", ids[6]).ExitCode == 0
        );
        Lab.Until("its arrival", TimeSpan.FromSeconds(45), () => Delivered(ids[6]) == 1);
    }

    private static void Ledger(string host, string id, string text) =>
        Lab.Write(host, $"/var/lib/gatehouse/quarantine/done/{id.Replace('/', '-')}.json", text, "0600");

    private static bool Shown(string host, string id) => Lab.Exec(host, "gatehouse", "quarantine", "show", id, "--json").ExitCode == 0;

    private static string? State(string host, string id)
    {
        using var list = JsonDocument.Parse(Lab.Exec(host, "gatehouse", "--json", "quarantine", "list").Expect(0).Output);
        return list
            .RootElement.GetProperty("messages")
            .EnumerateArray()
            .Single(m => m.GetProperty("id").GetString() == id)
            .GetProperty("state")
            .GetString();
    }

    private static int Delivered(string id) =>
        Regex.Count(
            Lab.Exec(Sink, "cat", "/var/mail/sink").Expect(0).Output,
            $"^X-Gatehouse-Released: {Regex.Escape(id)},",
            RegexOptions.Multiline
        );

    // Sends what is kept, and returns the name that it is kept by.
    private static string Quarantine(string server, string subject)
    {
        var dialogue = Lab.Exec(
                Sink,
                "swaks",
                "--server",
                server,
                "--helo",
                "client.lab.example",
                "--from",
                "sender@client.example",
                "--to",
                "user@example.org",
                "--header",
                $"Subject: {subject}",
                "--body",
                Gtube
            )
            .Expect(0)
            .Output;
        return $"2/{Accepted().Match(dialogue).Groups[1].Value}";
    }

    [GeneratedRegex("250 OK id=([0-9A-Za-z-]+)")]
    private static partial Regex Accepted();
}

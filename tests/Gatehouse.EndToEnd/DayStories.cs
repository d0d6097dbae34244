using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;
using Xunit.Abstractions;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Days on which everything goes wrong: three nodes that do everything, mail that comes in all the time, and a member to which nothing
/// happens that writes to the registry each second. After each fault nobody has to do anything, and nothing is lost or doubled.
/// </summary>
/// <remarks>
/// How often each fault is tried is in the variable GATEHOUSE_TRIALS; without it, once. GATEHOUSE_FAULTS leaves out those whose name does
/// not match that regular expression.
/// </remarks>
[Trait("Lane", "slow")]
public sealed partial class DayStories(ITestOutputHelper output) : IDisposable
{
    private const string Seer = "e2e-y4";
    private const string Outside = "e2e-y5";
    private const string Vip = "10.77.0.247";
    private static readonly string[] Nodes = ["e2e-y1", "e2e-y2", "e2e-y3"];
    private static readonly string[] Everybody = [.. Nodes, Seer];
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(1);
    private static readonly int Trials = int.TryParse(
        Environment.GetEnvironmentVariable("GATEHOUSE_TRIALS"),
        CultureInfo.InvariantCulture,
        out var trials
    )
        ? trials
        : 1;
    private static readonly string Only = Environment.GetEnvironmentVariable("GATEHOUSE_FAULTS") ?? "";
    private readonly Witness witness = new(Seer, Nodes, Address);
    private readonly List<string> results = [];
    private int sent = 1;

    public void Dispose() => Lab.Down([.. Everybody, Outside]);

    [Fact]
    public void Whatever_is_frozen_cut_or_without_power_nothing_is_lost_or_doubled_and_nobody_has_to_come()
    {
        Begin();
        for (var trial = 1; trial <= Trials; trial++)
        {
            foreach (var fault in DayFault.OfOne)
                TryOnEach(fault, trial);
            foreach (var fault in DayFault.OfDisks.Concat(DayFault.OfClocks).Where(IsWanted))
                TryPrepared(fault, trial);
            Try(DayFault.EtcdSpace, trial, [Primary()], "the primary");
            Try(DayFault.PowerOfSeveral, trial, [Primary(), With("Sync Standby")], "the primary and its copy");
            Try(DayFault.PowerOfSeveral, trial, [.. Order(trial)], "all three");
        }

        Assert.NotEmpty(results);

        output.WriteLine(string.Join('\n', results));
        Assert.DoesNotContain(results, r => r.Contains("FAILED", StringComparison.Ordinal));
    }

    private static bool IsWanted(DayFault fault) => Regex.IsMatch(fault.Name, Only);

    private void TryPrepared(DayFault fault, int trial)
    {
        var ready = new List<string>();
        var problem = Problem(() => ready.AddRange(Nodes.TakeWhile(node => Change(fault.Before!, node))));
        if (ready.Count == Nodes.Length)
            TryOnEach(fault, trial);
        foreach (var node in ready)
            problem += Problem(() => Change(fault.After!, node));
        if (problem.Length > 0)
            Tell($"FAILED: {fault.Name}, the hosts before and after it{problem}");
    }

    private void TryOnEach(DayFault fault, int trial)
    {
        foreach (var (role, which) in new[] { ("Leader", "the primary"), ("Sync Standby", "its copy"), ("Replica", "the other copy") })
            if (IsWanted(fault))
                Try(fault, trial, [With(role)], which);
    }

    // One node after the other, so that there is always a majority.
    private bool Change(Action<string> work, string node)
    {
        work(node);
        Recovered();
        return true;
    }

    // All are tried, also after one that failed, unless the cluster is gone.
    private void Try(DayFault fault, int trial, string[] hosts, string which)
    {
        if (!IsWanted(fault))
            return;
        var mail = BeginMail(fault.Seconds + 15);
        var gaps = witness.Gaps;
        fault.Begin(hosts);
        var untrue = hosts.Length < Nodes.Length && fault.Shows.Length > 0 ? Tells(hosts, fault.Shows) : "";
        Thread.Sleep(TimeSpan.FromSeconds(fault.Seconds));
        fault.End(hosts);
        var start = Stopwatch.GetTimestamp();
        var problem = Problem(
            () => Recovered(),
            () => witness.OneTakesWrites(),
            () => witness.NothingIsLost(),
            () => Count(mail),
            () => Assert.Equal("", untrue)
        );
        Tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{(problem.Length == 0 ? "survived" : "FAILED")}: {fault.Name}, {which}, trial {trial}: well after {recovered:0} s, no "
                    + $"writes for {witness.Gaps - gaps} s, checked after {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s{problem}"
            )
        );
    }

    private void Tell(string result)
    {
        results.Add(result);
        Console.WriteLine(result);
    }

    private double recovered;

    // Nobody does anything: the copies stream again, and every member says that all is well.
    private void Recovered()
    {
        var start = Stopwatch.GetTimestamp();
        Lab.Until("a primary and two copies", Recovery, () => Roles() is ["Leader", "Replica", "Sync Standby"]);
        Lab.Until("etcd takes writes", Recovery, () => DayFault.EtcdTakesWrites(Nodes[0]));
        Lab.Until("the registry takes writes", Recovery, witness.IsWritable);
        LifeHosts.Agree("after the fault", Everybody);
        recovered = Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static string Problem(params Action[] looks)
    {
        foreach (var look in looks)
        {
            try
            {
                look();
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException)
            {
                return $"\n  {e.Message}";
            }
        }

        return "";
    }

    // A member that can be asked says what is wrong with the other one.
    private static string Tells(string[] away, string shows)
    {
        var asked = Everybody.First(n => !away.Contains(n));
        try
        {
            Lab.Until(
                "it is told",
                TimeSpan.FromSeconds(50),
                () =>
                    Lab.Exec(asked, "gatehouse", "status", "--timeout", "10") is { ExitCode: 1 } status
                    && Array.TrueForAll(away, h => Regex.IsMatch(status.Output, $"(?m)^{Regex.Escape(Beginning.Name(h))}{shows}"))
            );
            return "";
        }
        catch (Xunit.Sdk.XunitException)
        {
            return $"{asked} did not say what is wrong with {string.Join(" and ", away)}";
        }
    }

    private void Begin()
    {
        Lab.Up("full", [.. Everybody.Append(Outside).Select(h => $"{h}={Address(h)}")]);
        Beginning.Install(Everybody);
        var answers = Beginning
            .Answers("topology.yaml", Nodes[0], Address(Nodes[0]))
            .Replace("10.77.0.240", Address(Outside), StringComparison.Ordinal);
        Beginning.Bootstrap(
            Nodes[0],
            $"{answers}addresses:\n  networks:\n    - {{network: 10.77.0.0/24, interface: eth0}}\n  bindings:\n    - {{address: {Vip}}}\n"
        );
        foreach (var node in Nodes[1..])
            Beginning.Join(node, Address(node), "full", Nodes[0], Address(Nodes[0]));
        Beginning.Join(Seer, Address(Seer), "web", Nodes[0], Address(Nodes[0]));
        Lab.Push(Outside, Path.Combine(Lab.Root(), "tests", "bench", "mail.py"), "/root/mail.py");
        Lab.Until("a primary and two copies", Recovery, () => Roles() is ["Leader", "Replica", "Sync Standby"]);
        LifeHosts.Agree("the cluster", Everybody);
        witness.Begin(Primary());
    }

    // Two messages a second for as long as the fault lasts, with numbers of their own.
    private (int First, int Count) BeginMail(int seconds)
    {
        var (first, count) = (sent, 2 * seconds);
        sent += count;
        Lab.Shell(
                Outside,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"systemctl stop sink sender 2>/dev/null; systemctl reset-failed sink sender 2>/dev/null; : >/root/taken; systemd-run "
                        + $"--quiet --unit=sink python3 /root/mail.py sink 2525 /root/taken 0.2 && systemd-run --quiet --unit=sender "
                        + $"python3 /root/mail.py send {Vip} {count} {seconds} /root/sent {first}"
                )
            )
            .Expect(0);
        return (first, count);
    }

    private static void Count((int First, int Count) mail)
    {
        Lab.Until(
            "all is sent",
            TimeSpan.FromMinutes(6),
            () => Lab.Exec(Outside, "systemctl", "is-active", "--quiet", "sender").ExitCode != 0
        );
        // What was on its way out when a fault came waits for its next try, a quarter of an hour; nobody else has to.
        foreach (var node in Nodes)
            Lab.UntilDone(
                $"the queue of {node} holds no message",
                Recovery,
                () => Lab.Shell(node, "exim4 -qff; exim4 -bp; test $(exim4 -bpc) = 0")
            );
        Lab.Until(
            "every node has every kept message",
            Recovery,
            () => Nodes[1..].All(h => Kept(h, mail).SequenceEqual(Kept(Nodes[0], mail)))
        );
        Lab.Write(Outside, "/root/kept", string.Concat(Kept(Nodes[0], mail).Select(k => $"{k}\n")));
        var count = Lab.Exec(Outside, "python3", "/root/mail.py", "count", "/root/sent", "/root/taken", "/root/kept").Expect(0).Output;
        Assert.True(count.Contains("\nnever 0 lost 0 twice 0 ", StringComparison.Ordinal), count);
    }

    private static string[] Kept(string host, (int First, int Count) mail) =>
        [
            .. KeptFile()
                .Matches(
                    Lab.Shell(
                        host,
                        "cd /var/spool/gatehouse/quarantine && grep -m1 -H '^Subject: bench [0-9]*' -r --include='*.msg' ."
                    ).Output
                )
                .Where(m =>
                    int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture) is var n && n >= mail.First && n < mail.First + mail.Count
                )
                .Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}")
                .Order(StringComparer.Ordinal),
        ];

    // The power of all is lost at once; they come back in another order each time.
    private static IEnumerable<string> Order(int trial) => Nodes.Select((node, i) => Nodes[(i + trial) % Nodes.Length]);

    private static IEnumerable<string[]> Copies() =>
        Nodes
            .Select(n => Lab.Shell(n, "timeout 10 patronictl -c /etc/patroni/config.yml list --format tsv 2>/dev/null").Output)
            .FirstOrDefault(o => o.Contains("\tLeader\t", StringComparison.Ordinal))
            ?.Split('\n')
            .Skip(1)
            .Select(l => l.Split('\t'))
            .Where(c => c.Length > 4 && c[4] is "running" or "streaming")
        ?? [];

    private static string[] Roles() => [.. Copies().Select(c => c[3]).Order(StringComparer.Ordinal)];

    private static string With(string role)
    {
        var found = "";
        Lab.Until(
            $"there is a {role}",
            Recovery,
            () =>
                (
                    found = Copies().FirstOrDefault(c => c[3] == role) is { } copy
                        ? Nodes.Single(n => copy.Contains(Beginning.Name(n)))
                        : ""
                ).Length > 0
        );
        return found;
    }

    private static string Primary() => With("Leader");

    private static string Address(string host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{241 + host[^1] - '0'}");

    [GeneratedRegex(@"(?m)^\./[0-9]*/([0-9]*/[^:]*)\.msg:Subject: bench ([0-9]+)$")]
    private static partial Regex KeptFile();
}

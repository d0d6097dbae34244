using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Three nodes of the backend in three places, two that scan mail, one for the web, and a balancer in front. Mail comes in all the time
/// while each of them is cut off, dies and comes back, and at last the whole backend is away.
/// </summary>
public sealed partial class SegmentStories : IDisposable
{
    private const string Balancer = "e2e-g7";
    private const string Outside = "e2e-g8";
    private const int Messages = 840;
    private static readonly string[] Backend = ["e2e-g1", "e2e-g2", "e2e-g3"];
    private static readonly string[] Mail = ["e2e-g4", "e2e-g5"];
    private static readonly string[] Web = ["e2e-g6"];
    private static readonly string[] Places = ["Berlin", "Wien", "Bern"];
    private static readonly string[] Nodes = [.. Mail, Balancer, .. Web, .. Backend];
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    public SegmentStories()
    {
        Lab.Up("full", [.. Nodes.Append(Outside).Select(h => $"{h}={Address(h)}")]);
        Beginning.Install(Nodes);
        Beginning.Bootstrap(Backend[0], Beginning.Answers("segments.yaml", Backend[0], Address(Backend[0])));
        for (var i = 1; i < Backend.Length; i++) Join(Backend[i], "backend", "--location", Places[i]);
        foreach (var host in Mail) Join(host, "mail");
        foreach (var host in Web) Join(host, "web");
        Join(Balancer, "balancer");
        Lab.Push(Outside, Path.Combine(Lab.Root(), "tests", "bench", "mail.py"), "/root/mail.py");
        Lab.Exec(Outside, "systemd-run", "--quiet", "--unit=sink", "python3", "/root/mail.py", "sink", "2525", "/root/taken", "0.2").Expect(0);
        Well();
    }

    public void Dispose() => Lab.Down([.. Nodes, Outside]);

    [Fact]
    public void Mail_goes_on_while_every_node_is_cut_off_and_dies_and_nothing_is_lost_or_comes_twice()
    {
        // Its exit code tells of the load too, which all hosts of the lab share.
        var map = Lab.Exec(Mail[0], "gatehouse", "status", "--map", "--timeout", "15").Output;
        Assert.All(Places, p => Assert.Contains(p, map, StringComparison.Ordinal));
        Assert.Matches("(?m)^Registry +3 votes, 1 may fail$", map);
        Assert.Matches("(?m)^Mail +2 nodes, 1 may fail$", map);

        EveryScannerIsShown();
        Lab.Exec(Outside, "systemd-run", "--quiet", "--unit=sender", "python3", "/root/mail.py", "send", Address(Balancer), $"{Messages}", "420", "/root/sent").Expect(0);
        foreach (var host in Nodes)
        {
            Away(host, TimeSpan.FromSeconds(8), () => Lab.Link(host, "down"), () => Lab.Link(host, "up"));
            // The cable goes first: a host without power says no goodbye.
            Away(host, TimeSpan.FromSeconds(8), () => { Lab.Link(host, "down"); Lab.Crash(host); }, () => Lab.Boot(host));
        }

        BackendAway();
        EveryScannerIsShown();
        Lab.Until("all is sent", TimeSpan.FromMinutes(5), () => Lab.Exec(Outside, "systemctl", "is-active", "--quiet", "sender").ExitCode != 0);
        Lab.Until("no queue holds a message", Soon, () => Mail.All(h => Lab.Exec(h, "exim4", "-bpc").Output.Trim() == "0"));
        Lab.Until("both have every kept message", Soon, () => Kept(Mail[0]).SequenceEqual(Kept(Mail[1])));
        Lab.Write(Outside, "/root/kept", string.Concat(Kept(Mail[0]).Select(k => $"{k}\n")));
        var count = Lab.Exec(Outside, "python3", "/root/mail.py", "count", "/root/sent", "/root/taken", "/root/kept").Expect(0).Output;
        // Twice for a reason, RFC 5321 section 6.1, is a connection that broke between the message and the answer.
        Assert.True(count.Contains(string.Create(CultureInfo.InvariantCulture, $"promised {Messages} "), StringComparison.Ordinal) && count.Contains("\nnever 0 lost 0 twice 0 ", StringComparison.Ordinal), count);
    }

    // By the web node, which the balancer leads to, with the password that the first node was given for all.
    private static void EveryScannerIsShown()
    {
        Assert.Equal("401", Page("-o", "/dev/null", "-w", "%{http_code}", $"https://{Address(Balancer)}/"));
        var page = Page("-u", $"admin:Canary-of-{Backend[0]}", $"https://{Address(Balancer)}/");
        foreach (var name in Mail.Select(Beginning.Name))
        {
            Assert.Contains($"href=\"/{name}/\"", page, StringComparison.Ordinal);
            Assert.Contains("\"scanned\":", Page("-u", $"admin:Canary-of-{Backend[0]}", $"https://{Address(Balancer)}/{name}/stat"), StringComparison.Ordinal);
        }
    }

    private static string Page(params string[] words) => Lab.Exec(Outside, ["curl", "-sk", "--max-time", "20", .. words]).Expect(0).Output;

    // Whoever is away, somebody else tells of it, and when it is back all is well without anybody's doing.
    private static void Away(string host, TimeSpan time, Action go, Action come)
    {
        var other = Nodes.First(n => n != host);
        go();
        Lab.Until($"{other} tells that {host} is away", Soon, () => Lab.Exec(other, "gatehouse", "status", "--timeout", "10") is { ExitCode: 1 } status && AwayRow(host).IsMatch(status.Output));
        Thread.Sleep(time);
        come();
        Well();
    }

    // The registry, the cache and the queue are gone: mail is taken and delivered all the same, and who asks is told.
    private static void BackendAway()
    {
        foreach (var host in Backend) Lab.Link(host, "down");
        Lab.Until("the registry is missed", Soon, () => Lab.Exec(Mail[0], "gatehouse", "status", "--timeout", "10") is { ExitCode: 1 } status && status.Output.StartsWith("The registry does not answer", StringComparison.Ordinal));
        foreach (var host in Mail) Lab.Exec(Outside, "swaks", "--silent", "2", "--server", Address(host), "--from", "sender@client.example", "--to", "user@example.org", "--header", $"Subject: bench {Messages + 1 + Array.IndexOf(Mail, host)}").Expect(0);
        Lab.Until("both are delivered", Soon, () => Enumerable.Range(Messages + 1, 2).All(n => Lab.Shell(Outside, $"grep -q '^taken {n} ' /root/taken").ExitCode == 0));
        foreach (var host in Backend) Lab.Link(host, "up");
        Well();
    }

    private static void Well() => LifeHosts.Agree("a cluster of four segments", Backend[0], Mail[1], Balancer);

    private static void Join(string host, string profile, params string[] options) => Beginning.Join(host, Address(host), profile, Backend[0], Address(Backend[0]), options);

    private static string Address(string host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{232 + host[^1] - '0'}");

    // NODE/MESSAGE and the number that its subject has, of every message that is kept here.
    private static string[] Kept(string host) => [.. KeptFile().Matches(Lab.Shell(host, "cd /var/spool/gatehouse/quarantine && grep -m1 -H '^Subject: bench [0-9]*' -r --include='*.msg' .").Output).Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}").Order(StringComparer.Ordinal)];

    private static Regex AwayRow(string host) => new($@"(?m)^{Regex.Escape(Beginning.Name(host))}\(\d+\) +\S+ +\S+-E ", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"(?m)^\./[0-9]*/([0-9]*/[^:]*)\.msg:Subject: bench ([0-9]+)$")]
    private static partial Regex KeptFile();
}

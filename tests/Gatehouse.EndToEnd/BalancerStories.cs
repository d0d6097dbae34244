using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// A balancer in front of two nodes that share virtual addresses: clients are seen by their own addresses, and whatever stops is
/// gone round within the time that is promised.
/// </summary>
[Trait("Lane", "slow")]
public sealed class BalancerStories : IDisposable
{
    private const string First = "e2e-v1";
    private const string Second = "e2e-v2";
    private const string Balancer = "e2e-v3";
    private const string Outside = "e2e-v4";
    private const string FirstAddress = "10.77.0.221";
    private const string SecondAddress = "10.77.0.222";
    private const string BalancerAddress = "10.77.0.223";
    private const string OutsideAddress = "10.77.0.224";
    private const string MailVip = "10.77.0.225";
    private const string WebVip = "10.77.0.226";
    private const string BalancerVip = "10.77.0.227";
    private const string ForeignBalancer = "10.77.0.228";

    public BalancerStories()
    {
        Lab.Up(
            "full",
            $"{First}={FirstAddress}",
            $"{Second}={SecondAddress}",
            $"{Balancer}={BalancerAddress}",
            $"{Outside}={OutsideAddress}"
        );
        Beginning.Install(First, Second, Balancer);
        Beginning.Bootstrap(First, Beginning.Answers("balancer.yaml", First, FirstAddress));
        Beginning.Join(Second, SecondAddress, "node", First, FirstAddress);
        Beginning.Join(Balancer, BalancerAddress, "balancer", First, FirstAddress);

        Lab.Push(Outside, Lab.File("Hosts", "greeting.py"), "/root/greeting.py");
        Lab.Push(Outside, Lab.File("Hosts", "sample-haproxy.cfg"), "/etc/haproxy/haproxy.cfg");
        Beginning.MailHost(Outside, OutsideAddress);
        Lab.Shell(Outside, $"ip address add {ForeignBalancer}/32 dev eth0; systemctl restart haproxy").Expect(0);
        Lab.Until(
            "the balancer has both nodes on all ports",
            TimeSpan.FromSeconds(60),
            () => Regex.Count(Servers(), @"(?m)^\w+,v[12]\.lab\.example,UP\b") == 6
        );
        Lab.Until(
            "each address is on a node",
            TimeSpan.FromSeconds(30),
            () => Has(Second, MailVip) && (Has(First, WebVip) || Has(Second, WebVip)) && Has(Balancer, BalancerVip)
        );
    }

    public void Dispose() => Lab.Down(First, Second, Balancer, Outside);

    [Fact]
    public void A_cluster_behind_balancers_and_virtual_addresses_sees_its_clients_and_outlives_what_fails()
    {
        ClientsAreSeen(BalancerAddress, BalancerAddress, Outside, OutsideAddress);
        // Its virtual address is where it listens; it talks to the nodes from its own.
        ClientsAreSeen(BalancerVip, BalancerAddress, Outside, OutsideAddress);
        // A balancer that is no member, as its administrator set it up; and the one that the cluster would give him.
        ClientsAreSeen(ForeignBalancer, ForeignBalancer, Balancer, BalancerAddress);
        Lab.Write(
            Outside,
            "/root/rendered.cfg",
            Lab.Exec(First, "gatehouse", "render", "balancer", "--address", ForeignBalancer).Expect(0).Output
        );
        Lab.Exec(Outside, "haproxy", "-c", "-f", "/root/rendered.cfg").Expect(0);
        Lab.Shell(Outside, "cp /root/rendered.cfg /etc/haproxy/haproxy.cfg && systemctl restart haproxy && sleep 3").Expect(0);
        ClientsAreSeen(ForeignBalancer, ForeignBalancer, Balancer, BalancerAddress);
        ChecksLeaveNoTrace();
        MailLeavesByTheAddress();
        var dead = Gap(MailVip, 25, TimeSpan.FromSeconds(7), () => Lab.Exec(Second, "systemctl", "stop", "exim4.service").Expect(0));
        Assert.True(dead <= 3, $"a dead service: {dead} s");
        Lab.Until("the other node has it", TimeSpan.FromSeconds(5), () => Has(First, MailVip) && !Has(Second, MailVip));
        // By the address where it is, and by none where it is not: nobody told Exim.
        MailLeavesByTheAddress();
        Lab.Exec(Second, "systemctl", "start", "exim4.service").Expect(0);
        Lab.Until("the preferred node has it again", TimeSpan.FromSeconds(20), () => Has(Second, MailVip) && !Has(First, MailVip));
        var crash = Gap(MailVip, 25, TimeSpan.FromSeconds(6), () => Lab.Crash(Second));
        Assert.True(crash <= 1, $"a dead node: {crash} s");
        Assert.True(Has(First, MailVip) && Has(First, WebVip));
        // The balancer goes round the dead node, at first by trying another, then by knowing.
        for (var i = 0; i < 4; i++)
            Send(BalancerVip, Outside, $"round{i}");
        Lab.Until("the balancer knows", TimeSpan.FromSeconds(15), () => Regex.Count(Servers(), @"(?m)^\w+,v2\.lab\.example,DOWN\b") == 3);
        Lab.Boot(Second);
        Lab.Until(
            "the balancer takes it back",
            TimeSpan.FromSeconds(60),
            () => Regex.Count(Servers(), @"(?m)^\w+,v2\.lab\.example,UP\b") == 3
        );
        Lab.Until("so it has its address", TimeSpan.FromSeconds(30), () => Has(Second, MailVip) && !Has(First, MailVip));
        Removal();
    }

    // Whoever is no member any more, alive as it is, has nothing of the cluster.
    private static void Removal()
    {
        Lab.Exec(First, "gatehouse", "node", "remove", "v2.lab.example", "--yes").Expect(0);
        Lab.Until("the removed node gives its address up", TimeSpan.FromSeconds(60), () => Has(First, MailVip) && !Has(Second, MailVip));
        Lab.Until(
            "the balancer has forgotten it",
            TimeSpan.FromSeconds(60),
            () => !Servers().Contains("v2.lab.example", StringComparison.Ordinal)
        );
        Send(BalancerVip, Outside, "alone");
    }

    // Two messages, two pages: one for each node.
    private static void ClientsAreSeen(string at, string balancer, string client, string address)
    {
        var mail = Logged("/var/log/exim4/mainlog", $@"<= a@example\.net .*\[{Regex.Escape(address)}\].* PRX={Regex.Escape(balancer)} ");
        var web = Logged("/var/log/nginx/access.log", $@"^{Regex.Escape(address)} .* ""GET /seen\b");
        for (var i = 0; i < 2; i++)
        {
            Send(at, client, $"seen{i}");
            Assert.Equal("401", Lab.Exec(client, "curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", $"https://{at}/seen").Output);
        }

        for (var i = 0; i < 2; i++)
            Assert.Equal("301", Lab.Exec(client, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", $"http://{at}/seen").Output);
        Lab.Until(
            "the mail was seen",
            TimeSpan.FromSeconds(5),
            () =>
                Logged("/var/log/exim4/mainlog", $@"<= a@example\.net .*\[{Regex.Escape(address)}\].* PRX={Regex.Escape(balancer)} ")
                == mail + 2
        );
        Lab.Until(
            "the pages were seen",
            TimeSpan.FromSeconds(5),
            () => Logged("/var/log/nginx/access.log", $@"^{Regex.Escape(address)} .* ""GET /seen\b") == web + 4
        );
    }

    private static void ChecksLeaveNoTrace()
    {
        var before = Lines();
        Thread.Sleep(TimeSpan.FromSeconds(6));
        Assert.Equal(before, Lines());
        static string Lines() =>
            string.Concat(new[] { First, Second }.Select(h => Lab.Shell(h, "wc -l /var/log/exim4/*log /var/log/nginx/*.log").Output));
    }

    private static void MailLeavesByTheAddress()
    {
        var words = $"out{Guid.NewGuid():N}";
        Lab.Exec(Outside, "swaks", "--silent", "2", "--server", MailVip, "--from", $"{words}@example.net", "--to", "user@world.example")
            .Expect(0);
        Lab.Until(
            "mail leaves by the address",
            TimeSpan.FromSeconds(20),
            () =>
                Lab.Shell(Outside, $"grep -F '<= {words}@' /var/log/exim4/mainlog")
                    .Output.Contains($"[{MailVip}]", StringComparison.Ordinal)
        );
        var other = Has(First, MailVip) ? (Host: Second, Address: SecondAddress) : (Host: First, Address: FirstAddress);
        if (Lab.Exec(other.Host, "systemctl", "is-active", "exim4.service").ExitCode != 0)
            return;
        Lab.Exec(
                Outside,
                "swaks",
                "--silent",
                "2",
                "--server",
                other.Address,
                "--from",
                $"not{words}@example.net",
                "--to",
                "user@world.example"
            )
            .Expect(0);
        Lab.Until(
            "elsewhere by the node's own",
            TimeSpan.FromSeconds(20),
            () =>
                Lab.Shell(Outside, $"grep -F '<= not{words}@' /var/log/exim4/mainlog")
                    .Output.Contains($"[{other.Address}]", StringComparison.Ordinal)
        );
    }

    private static void Send(string at, string client, string subject) =>
        Lab.Exec(
                client,
                "swaks",
                "--silent",
                "2",
                "--server",
                at,
                "--from",
                "a@example.net",
                "--to",
                "user@example.org",
                "--header",
                $"Subject: {subject}"
            )
            .Expect(0);

    // The longest time without a greeting, in seconds, while something is done.
    private static double Gap(string address, int port, TimeSpan during, Action act)
    {
        var probe = Task.Run(() =>
            Lab.Exec(
                    Outside,
                    "python3",
                    "/root/greeting.py",
                    address,
                    port.ToString(CultureInfo.InvariantCulture),
                    during.TotalSeconds.ToString(CultureInfo.InvariantCulture)
                )
                .Expect(0)
        );
        Thread.Sleep(TimeSpan.FromSeconds(1));
        act();
        return double.Parse(probe.GetAwaiter().GetResult().Output.Split(' ')[0], CultureInfo.InvariantCulture);
    }

    private static int Logged(string file, string pattern) =>
        new[] { First, Second }.Sum(h => Regex.Count(Lab.Shell(h, $"cat {file}").Output, pattern, RegexOptions.Multiline));

    private static bool Has(string host, string address) =>
        Lab.Exec(host, "ip", "-o", "address", "show", "dev", "eth0").Output.Contains($" {address}/", StringComparison.Ordinal);

    private static string Servers() => Lab.Shell(Balancer, "curl -s 'http://127.0.0.1:8404/status;csv' | cut -d, -f1,2,18").Output;
}

using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>The first two nodes of a cluster, from bare Debian hosts, by the wizard alone.</summary>
[Trait("Lane", "beside")]
public sealed partial class WizardClusterStories
{
    private const string First = "e2e-w1";
    private const string Second = "e2e-w2";
    private const string FirstAddress = "10.77.0.185";
    private const string SecondAddress = "10.77.0.186";

    // What the plain mode asks after the host itself, for the nodes that will have mail and web; one answer is needed.
    private static readonly string[] Scanner = ["", "", "", "", "", "", ""];
    private static readonly string[] Mta = ["", "", "", "postmaster@example.org", "", ""];
    private static readonly string[] Web = ["", "", ""];
    private static readonly string[] Rest = ["", "", "", "", "", "", "", "", "", ""];

    [Fact]
    public void A_cluster_is_started_and_joined_by_keys_alone()
    {
        using var tree = new Tree();
        using var first = new WizardHost(First, FirstAddress);
        var (token, code) = Start(tree);
        using var second = new WizardHost(Second, SecondAddress);
        Join(tree, code);
        Judge(token, code);
    }

    [Fact]
    public void A_cluster_is_started_and_joined_line_by_line()
    {
        using var first = new WizardHost(First, FirstAddress);
        var start = Setup(
            First,
            [
                "start",
                "lab",
                "database",
                "w1.lab.example",
                FirstAddress,
                "",
                "",
                "",
                "-",
                "10.77.0.0/24",
                "",
                "",
                .. Scanner,
                .. Mta,
                .. Web,
                .. Rest,
                "apply",
                "yes",
                "save /root/keys",
                "invite",
                "w2.lab.example",
                "web",
                "finish",
            ]
        );
        Assert.Contains("the cluster lab is running, and w1.lab.example is its first", start.Output, StringComparison.Ordinal);
        var keys = Lab.Exec(First, "cat", "/root/keys").Expect(0).Output;
        Assert.Equal("600 root", Lab.Exec(First, "stat", "-c", "%a %U", "/root/keys").Output.Trim());
        Lab.Exec(First, "rm", "/root/keys").Expect(0);
        var token = Token().Match(keys).Value;
        Assert.DoesNotContain(token, start.All, StringComparison.Ordinal);
        var code = CodeIn(start.Output);

        using var second = new WizardHost(Second, SecondAddress);
        var join = Setup(Second, "join", FirstAddress, code, "w2.lab.example", SecondAddress, "", "apply", "yes");
        Assert.Contains("w2.lab.example is node 2 of the cluster lab.", join.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(code[^11..], join.All, StringComparison.Ordinal);
        Judge(token, code);
    }

    private static Result Setup(string host, params string[] lines) =>
        Lab.Exec(host, ["gatehouse", "setup", "--plain"], string.Join('\n', lines) + "\n").Expect(0);

    // Starts the cluster, keeps the master token, and invites the second node; the token and the code.
    private static (string Token, string Code) Start(Tree tree)
    {
        using var terminal = Open(tree, First);
        terminal.Press("Down", "Enter").WaitFor("> 1 New cluster");
        terminal
            .Type("lab")
            .Press("Tab", "Space")
            .WaitFor("─ Profile ─")
            .Type("d")
            .WaitFor("> database")
            .Press("Enter")
            .WaitFor("< database >");
        terminal
            .Press("NPage")
            .WaitFor("> 2 System")
            .Press("C-u")
            .Type("w1.lab.example")
            .Press("Tab", "C-u")
            .Type(FirstAddress)
            .WaitFor(FirstAddress);
        terminal
            .Press("NPage")
            .WaitFor("> 3 Scanner")
            .Press("NPage")
            .WaitFor("> 4 MTA")
            .Press("NPage")
            .WaitFor("A value is needed")
            .Type("postmaster@example.org")
            .Press("NPage")
            .WaitFor("> 5 Management web");
        terminal
            .Press("NPage")
            .WaitFor("> 6 Cluster")
            .Press("NPage")
            .WaitFor("> 7 Backend")
            .Press("NPage")
            .WaitFor("> 8 Load balancers")
            .Press("NPage")
            .WaitFor("> 9 Addresses");
        terminal.Press("NPage").WaitFor("What will happen", Lab.Setup);
        Operator.Apply(terminal, "They are kept");
        var token = Token().Match(terminal.Frame).Value;
        Assert.Equal(52, token.Length);
        terminal.Press("Enter").WaitFor("Are they kept?").Type(token[^5..]).Press("Enter").WaitFor("the cluster lab is running");
        terminal
            .Press("Right", "Enter")
            .WaitFor("─ Invite ─")
            .Type("w2.lab.example")
            .Press("Enter")
            .WaitFor("─ Profile ─")
            .Type("w")
            .WaitFor("> web")
            .Press("Enter")
            .WaitFor("─ Join code ─", Lab.Setup);
        var code = CodeIn(terminal.Frame);
        terminal.Press("Enter").WaitForNo("─ Join code ─").Press("Left", "Enter").WaitForEnd(0);
        Assert.DoesNotContain(token, terminal.Lines, StringComparison.Ordinal);
        return (token, code);
    }

    private static void Join(Tree tree, string code)
    {
        using var terminal = Open(tree, Second);
        terminal
            .Press("Down", "Down", "Enter")
            .WaitFor("> 1 Cluster")
            .Type(FirstAddress)
            .Press("Tab")
            .Type(code)
            .Press("Tab", "C-u")
            .Type("w2.lab.example")
            .Press("Tab", "C-u")
            .Type(SecondAddress)
            .WaitFor(SecondAddress);
        terminal.Press("NPage").WaitFor("What will happen", Lab.Setup).WaitFor("w2.lab.example");
        Operator.Apply(terminal, "is node 2 of the cluster lab");
        terminal.Press("Enter").WaitForEnd(0);
    }

    private static Tmux Open(Tree tree, string host)
    {
        var terminal = new Tmux(tree);
        terminal.Run(
            $"run {Path.Combine(Lab.Root(), "tests", "lab", "lab.sh")} exec {host} -- env LANG=C.UTF-8 TERM=xterm-256color gatehouse setup"
        );
        return terminal.WaitFor("> Set up one mail gateway");
    }

    // Both are members that find each other well, and what was secret is nowhere any more.
    private static void Judge(string token, string code)
    {
        Lab.Until("both agents", TimeSpan.FromSeconds(120), () => ClusterHosts.IsWell(First) && ClusterHosts.IsWell(Second));
        foreach (var host in new[] { First, Second })
        {
            // A busy registry may not answer in time once; the status says so then.
            Lab.Until(
                "a status with both",
                TimeSpan.FromSeconds(60),
                () =>
                    ClusterHosts.Status(host).Output is var status
                    && Regex.IsMatch(status, @"w1\.lab\.example\(1\) +10\.77\.0\.185 +database\*-A ")
                    && Regex.IsMatch(status, @"w2\.lab\.example\(2\) +10\.77\.0\.186 +web-A ")
            );
            Lab.Exec(host, "gatehouse", "verify").Expect(0);
            Lab.Write(host, "/dev/shm/canaries", $"{token}\n{token[^23..]}\n{code}\n{code[^23..]}\n", "0600");
            Assert.Equal(
                "",
                Lab.Shell(
                    host,
                    "journalctl --no-pager -a -o cat | grep -aFf /dev/shm/canaries; grep -ralFf /dev/shm/canaries /var/lib/gatehouse "
                        + "/var/log /etc /root /tmp 2>/dev/null"
                ).Output
            );
            Lab.Exec(host, "rm", "/dev/shm/canaries").Expect(0);
            Assert.NotEqual(0, Lab.Exec(host, "test", "-e", "/var/lib/gatehouse/setup/draft.json").ExitCode);
        }
    }

    // It stands in two halves, each on a line.
    private static string CodeIn(string text)
    {
        var halves = HalfCode().Matches(text).Select(m => m.Value).ToArray();
        Assert.Equal(2, halves.Length);
        return string.Join('-', halves);
    }

    [GeneratedRegex("GHMT(-[0-9A-Z]{5}){8}")]
    private static partial Regex Token();

    [GeneratedRegex(@"(?<![0-9A-Z-])(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}(?![0-9A-Z])")]
    private static partial Regex HalfCode();
}

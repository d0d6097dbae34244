using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// The life of a cluster of five light nodes, from bare Debian hosts and the package: how they come, change, go, come back,
/// and how the duty of the issuer moves. It is lived once, in this order; the stories tell what was seen on the way.
/// </summary>
public sealed class LifeHosts : IDisposable
{
    /// <summary>The first node; the registry's database is on it.</summary>
    public const string First = "e2e-l1";

    /// <summary>Another database node, which joins with a typed code.</summary>
    public const string Second = "e2e-l2";

    /// <summary>A web node, which is brought in over SSH.</summary>
    public const string Third = "e2e-l3";

    /// <summary>Another one, brought in at the same time.</summary>
    public const string Fourth = "e2e-l4";

    /// <summary>A web node, which gets a carried file.</summary>
    public const string Fifth = "e2e-l5";

    /// <summary>How long something may take that takes seconds on a quiet machine.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromMinutes(5);

    /// <summary>All hosts; the position is the last digit of the address.</summary>
    public static readonly string[] All = [First, Second, Third, Fourth, Fifth];

    public LifeHosts()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("the lab needs root: sudo ./build.sh test");
        Lab.Up("bare", [.. All.Select(h => $"{h}={Address(h)}")]);
        Prepare();
        Joining = new LifeJoining();
        Changing = new LifeChanging();
        Leaving = new LifeLeaving();
        Issuing = new LifeIssuing();
    }

    /// <summary>How they came.</summary>
    public LifeJoining Joining { get; }

    /// <summary>How settings changed.</summary>
    public LifeChanging Changing { get; }

    /// <summary>How nodes went and came back.</summary>
    public LifeLeaving Leaving { get; }

    /// <summary>How the duty of the issuer moved.</summary>
    public LifeIssuing Issuing { get; }

    public static string Address(string host) => $"10.77.0.19{host[^1]}";

    public static string Name(string host) => $"{host[^2..]}.lab.example";

    /// <summary>Runs the program on a host. It narrates errors alone.</summary>
    public static Result Run(string host, params string[] arguments) => Lab.Exec(host, ["gatehouse", "--log-level", "error", .. arguments]);

    /// <summary>Makes a join code on a member.</summary>
    public static string Invite(string host, string newcomer, string profile)
    {
        using var json = JsonDocument.Parse(
            Run(host, "--json", "invite", Name(newcomer), "--profile", profile, "--replace").Expect(0).Output
        );
        return json.RootElement.GetProperty("code").GetString()!;
    }

    /// <summary>Joins with a code on standard input, where no process list shows it.</summary>
    public static Result Join(string host, string member, string code, params string[] options) =>
        Lab.Exec(host, ["gatehouse", "--log-level", "error", "join", Address(member), "--address", Address(host), .. options], code + "\n");

    /// <summary>What a member says the cluster is: everything that all members must see alike. Empty while it does not see all of it
    /// well.</summary>
    public static string Shape(string host)
    {
        var status = Run(host, "--json", "status", "--timeout", "20");
        if (status.Output.Length == 0)
            return "";
        using var json = JsonDocument.Parse(status.Output);
        var root = json.RootElement;
        var nodes = root.GetProperty("nodes").EnumerateArray().ToArray();
        // All hosts of the lab show the load of the machine they run on.
        var isWell =
            root.GetProperty("current").GetBoolean()
            && Array.TrueForAll(
                nodes,
                n =>
                    n.GetProperty("state").GetString() == "A"
                    && n.GetProperty("problems")
                        .EnumerateArray()
                        .All(p => p.GetString()!.StartsWith("the load is ", StringComparison.Ordinal))
            );
        return !isWell
            ? ""
            : $"epoch {root.GetProperty("epoch")}, settings {root.GetProperty("settings")}:"
                + string.Concat(
                    nodes.Select(n =>
                        $" {n.GetProperty("name")}({n.GetProperty("number")}) {n.GetProperty("address")} "
                        + $"{n.GetProperty("profile")}{(n.GetProperty("issuer").GetBoolean() ? "*" : "")} has "
                        + $"{n.GetProperty("settings")};"
                    )
                );
    }

    /// <summary>Waits until the members see the cluster alike and well, and tells how.</summary>
    public static string Agree(string when, params string[] hosts)
    {
        string[] shapes = [];
        Lab.UntilDone(
            $"{when}: {string.Join(", ", hosts)} see the cluster alike and well",
            Soon,
            () =>
            {
                shapes = [.. hosts.AsParallel().Select(Shape).Distinct()];
                return shapes is [{ Length: > 0 }]
                    ? new Result(0, "", "")
                    : new Result(1, string.Join('\n', shapes), Run(hosts[0], "status", "--timeout", "20").Output);
            }
        );
        return shapes[0];
    }

    /// <summary>A hash over everything that setting a host up, joining or promoting it changes.</summary>
    public static string Fingerprint(string host) =>
        Lab.Shell(
                host,
                "find /etc /usr/lib/systemd /var/lib/gatehouse -name view.json -o -name lock -o -printf '%p %M %u %g %l\\n' -type f -exec "
                    + "sha256sum {} \\; 2>/dev/null | LC_ALL=C sort | sha256sum"
            )
            .Expect(0)
            .Output;

    public void Dispose() => Lab.Down(All);

    private static void Prepare()
    {
        var package = Gateway.Package();
        // The third and the fourth get the package from the first.
        Parallel.ForEach(
            [First, Second, Fifth],
            host =>
            {
                Lab.Push(host, package, "/root/gatehouse.deb");
                Lab.Exec(host, "apt-get", "install", "-y", "/root/gatehouse.deb").Expect(0);
            }
        );
        foreach (var host in All)
            Lab.Shell(host, $"hostname {Name(host)} && hostname >/etc/hostname").Expect(0);
        Lab.Push(First, Lab.File("Answers", "life.yaml"), "/root/answers.yaml");
        Lab.Push(First, Lab.Key(), "/root/.ssh/id_ed25519");
    }
}

/// <summary>The stories of a cluster's life share its hosts and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class LifeCollection : ICollectionFixture<LifeHosts>
{
    public const string Name = "life";
}

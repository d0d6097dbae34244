using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// The first two nodes of a cluster, from bare Debian hosts and the package, and a mail host behind. On the way the joining
/// host is refused for every reason there is, and killed again and again; what came of it is kept for the stories.
/// </summary>
public sealed class ClusterHosts : IDisposable
{
    public const string First = "e2e-c1";
    public const string Second = "e2e-c2";
    public const string Outside = "e2e-c3";
    public const string FirstAddress = "10.77.0.171";
    public const string SecondAddress = "10.77.0.172";

    // A code as a cluster with another CA would print it.
    private const string ForeignCode = "8MVCJ-PNRH1-7BK7D-J6643-68D00-GH3WT-KT8W9-JX465-TSHNK-EJKA4-Z1PJH-MGK8Z";

    private static readonly string[] Points =
    [
        "Checking both sides",
        "Getting the certificate",
        "Setting up this host",
        "Checking the new configuration",
        "Writing files",
        "Telling the issuer",
    ];

    private readonly Dictionary<string, (Result Result, bool Changed)> refusals = [];
    private readonly List<string> killed = [];

    public ClusterHosts()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("the lab needs root: sudo ./build.sh test");
        Lab.Up("bare", $"{First}={FirstAddress}", $"{Second}={SecondAddress}");
        Lab.Up("full", $"{Outside}=10.77.0.173");
        Prepare();
        Alone = Status(Second);
        Bootstrap = Lab.Exec(First, "gatehouse", "bootstrap", "/root/answers.yaml", "--name", "lab", "--keys-file", "/root/keys").Expect(0);
        Refuse();
        (Code, JoinAfterKills) = Kill();
        Lab.Until("both agents", TimeSpan.FromSeconds(120), () => IsWell(First) && IsWell(Second));
    }

    public Result Bootstrap { get; }

    /// <summary>What the second host said of its state before anything was set up.</summary>
    public Result Alone { get; }

    /// <summary>What the run said that came to its end, after all those that were killed.</summary>
    public Result JoinAfterKills { get; }

    /// <summary>What joins were refused, by reason, and whether anything was changed by it on the host.</summary>
    public IReadOnlyDictionary<string, (Result Result, bool Changed)> Refusals => refusals;

    /// <summary>At which points the joining program was killed.</summary>
    public IReadOnlyList<string> Killed => killed;

    /// <summary>The join that found no room on its disk.</summary>
    public Result FullDisk { get; private set; } = null!;

    /// <summary>The join that lost the issuer while it set the host up.</summary>
    public Result CutOff { get; private set; } = null!;

    /// <summary>The code that was used.</summary>
    public string Code { get; }

    public string Password { get; } = $"Canary-{Guid.NewGuid():N}";

    public static Result Status(string host, params string[] options) => Lab.Exec(host, ["gatehouse", "status", .. options]);

    /// <summary>Whether a node finds the whole cluster well. All hosts of the lab show the load of the machine they run on, so that does
    /// not count.</summary>
    public static bool IsWell(string host)
    {
        var status = Status(host, "--json");
        if (status.Output.Length == 0)
            return false;
        using var json = JsonDocument.Parse(status.Output);
        var problems = json
            .RootElement.GetProperty("nodes")
            .EnumerateArray()
            .SelectMany(n => n.GetProperty("problems").EnumerateArray())
            .Select(p => p.GetString()!)
            .ToArray();
        var isActive = json.RootElement.GetProperty("nodes").EnumerateArray().All(n => n.GetProperty("state").GetString() == "A");
        // The word and the exit code always agree.
        Assert.Equal(status.ExitCode == 0, json.RootElement.GetProperty("healthy").GetBoolean());
        return json.RootElement.GetProperty("current").GetBoolean()
            && isActive
            && problems.All(p => p.StartsWith("the load is ", StringComparison.Ordinal));
    }

    /// <summary>Joins as the second host, with the code on standard input, where no process list shows it.</summary>
    public static Result Join(string code, params string[] options) =>
        Lab.Exec(Second, ["gatehouse", "join", FirstAddress, "--address", SecondAddress, .. options], code + "\n");

    public static string Invite(string name, string profile) => Beginning.Invite(First, name, profile, "--replace");

    public void Dispose() => Lab.Down(First, Second, Outside);

    private void Prepare()
    {
        Beginning.Install(First, Second);
        Lab.Push(First, Lab.File("Answers", "cluster.yaml"), "/root/answers.yaml");
        Lab.Write(First, "/root/web-password", Password, "0600");
        Beginning.MailHost(Outside);
    }

    private void Refuse()
    {
        var code = Invite("c2.lab.example", "node");
        Try("wrong name", code, "--name", "c9.lab.example");
        Try("other cluster", ForeignCode);
        // Two characters of one group in each other's place, or another one where they are the same.
        var groups = code.Split('-');
        groups[2] =
            groups[2][0] == groups[2][1]
                ? (groups[2][0] == 'A' ? 'B' : 'A') + groups[2][1..]
                : $"{groups[2][1]}{groups[2][0]}{groups[2][2..]}";
        Try("typing mistake", string.Join('-', groups));
        var late = Invite("c8.lab.example", "node");
        Lab.Shell(
                First,
                "su postgres -c \"psql -qd gatehouse -c \\\"UPDATE gatehouse.codes SET expires = now() - interval '1 minute' WHERE "
                    + "node_name = 'c8.lab.example'\\\"\""
            )
            .Expect(0);
        Try("expired", late, "--name", "c8.lab.example");
        Try("no code", "");
    }

    private void Try(string reason, string code, params string[] options)
    {
        var before = Fingerprint();
        var result = Join(code, options);
        refusals.Add(reason, (result, Fingerprint() != before));
    }

    private static string Fingerprint() =>
        Lab.Shell(
                Second,
                "find /etc /usr/lib/systemd /var/lib/gatehouse /var/spool -printf '%p %M %u %g %l\\n' -type f -exec sha256sum {} \\; "
                    + "2>/dev/null | LC_ALL=C sort | sha256sum"
            )
            .Expect(0)
            .Output;

    private (string Code, Result Join) Kill()
    {
        var code = Invite("c2.lab.example", "node");
        Lab.Write(Second, "/root/code", code + "\n", "0600");
        foreach (var point in Points)
        {
            // It is killed as soon as it has said that it comes to this point; in the middle, a moment later.
            var delay = point is "Checking the new configuration" or "Writing files" ? "0.3" : "0";
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                gatehouse join {{FirstAddress}} --address {{SecondAddress}} --yes </root/code >/root/join.log 2>&1 & p=$!
                i=0
                while [ $i -lt 9000 ] && kill -0 $p 2>/dev/null && ! grep -q '{{point}}' /root/join.log; do
                  sleep 0.02; i=$((i+1))
                done
                sleep {{delay}}; kill -9 $p && wait $p; [ $? = 137 ]
                """
            );
            if (Lab.Shell(Second, line).ExitCode == 0)
                killed.Add(point);
            if (point != "Getting the certificate")
                continue;
            UseWithAnotherKey(code);
            FullDisk = JoinOnFullDisk();
        }

        CutOff = JoinCutOff();
        Lab.Shell(Second, "rm /root/join.log").Expect(0);
        // The issuer's side dies as well, while this one is at work; its agent comes back by itself.
        var death = Task.Run(() =>
        {
            Lab.Until(
                "the last join sets the host up",
                TimeSpan.FromSeconds(60),
                () => Lab.Shell(Second, "grep -q 'Setting up this host' /root/join.log").ExitCode == 0
            );
            Lab.Shell(First, "kill -9 $(systemctl show gatehouse-agent -p MainPID --value)").Expect(0);
        });
        // While the last one runs, every process's arguments are written down.
        var join = Lab.Shell(
            Second,
            $"(while [ ! -e /root/joined ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; sleep 0.05; done >/root/processes) & "
                + $"gatehouse join {FirstAddress} --address {SecondAddress} --yes </root/code 2>/root/join.log; r=$?; cat /root/join.log "
                + $">&2; touch /root/joined; wait; exit $r"
        );
        death.Wait();
        return (code, join.Expect(0));
    }

    // There is no room any more, from after the certificate has come.
    private static Result JoinOnFullDisk()
    {
        Lab.Shell(
                Second,
                "cp -a /var/lib/gatehouse /root/kept && mount -t tmpfs -o size=$(( $(du -sk /var/lib/gatehouse | cut -f1) + 2048 "
                    + "))k,mode=0711 full /var/lib/gatehouse && cp -a /root/kept/. /var/lib/gatehouse/ && { dd if=/dev/zero "
                    + "of=/var/lib/gatehouse/filler bs=4k 2>/dev/null || true; }"
            )
            .Expect(0);
        try
        {
            return Lab.Shell(Second, $"gatehouse join {FirstAddress} --address {SecondAddress} --yes </root/code");
        }
        finally
        {
            Lab.Shell(Second, "umount /var/lib/gatehouse && rm -rf /root/kept").Expect(0);
        }
    }

    // The issuer's packets go astray, from when this host has begun to set itself up: as behind a switch that has lost its power.
    private static Result JoinCutOff()
    {
        var device = Lab.Shell(Second, $"ip -o route get {FirstAddress} | sed 's/.* dev \\([^ ]*\\).*/\\1/'").Expect(0).Output.Trim();
        try
        {
            return Lab.Shell(
                Second,
                $$"""
                gatehouse join {{FirstAddress}} --address {{SecondAddress}} --yes </root/code >/root/join.log 2>&1 & p=$!
                i=0
                while [ $i -lt 9000 ] && kill -0 $p 2>/dev/null && ! grep -q 'Setting up this host' /root/join.log; do
                  sleep 0.02; i=$((i+1))
                done
                ip neigh replace {{FirstAddress}} lladdr 02:00:00:00:00:01 dev {{device}} nud permanent
                wait $p; r=$?; cat /root/join.log; exit $r
                """
            );
        }
        finally
        {
            Lab.Shell(Second, $"ip neigh del {FirstAddress} dev {device}");
        }
    }

    // As somebody who has seen the code and tries it on another host, after it was used here.
    private void UseWithAnotherKey(string code)
    {
        const string Pki = "/var/lib/gatehouse/cluster/pki";
        Lab.Shell(
                Second,
                $"gatehouse join {FirstAddress} --address {SecondAddress} --yes </root/code >/root/join.log 2>&1 & p=$!; i=0; while [ $i "
                    + $"-lt 3000 ] && [ ! -e {Pki}/grant.json ]; do sleep 0.02; i=$((i+1)); done; kill -9 $p; wait $p; [ -e "
                    + $"{Pki}/grant.json ] && mv {Pki} {Pki}.away"
            )
            .Expect(0);
        Try("used", code);
        Lab.Shell(Second, $"rm -rf {Pki}; mv {Pki}.away {Pki}").Expect(0);
    }
}

/// <summary>The stories of a cluster share its hosts and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterHosts>
{
    public const string Name = "cluster";
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// A cluster of a database and a web node loses both hosts and is begun again from its backup on a third one. At the end the old first
/// node comes back: it was only cut off, and takes itself for the issuer still.
/// </summary>
[Trait("Lane", "slow")]
public sealed class RestoreStories : IDisposable
{
    private const string First = "e2e-r1";
    private const string Second = "e2e-r2";
    private const string Third = "e2e-r3";
    private const string SecondAddress = "10.77.0.182";
    private const string ThirdAddress = "10.77.0.183";
    private readonly string password = $"Canary-{Guid.NewGuid():N}";
    private readonly string package = Gateway.Package();
    private readonly HashSet<string> up = [];

    public RestoreStories()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("the lab needs root: sudo ./build.sh test");
        Up($"{First}=10.77.0.181", $"{Second}={SecondAddress}");
        Parallel.ForEach([First, Second], Install);
        Lab.Push(First, Lab.File("Answers", "restore.yaml"), "/root/answers.yaml");
        // On the first node alone: it has no web, and seals the password all the same for those that have.
        Lab.Write(First, "/root/web-password", password, "0600");
    }

    public void Dispose() => Lab.Down([.. up]);

    [Fact]
    public void A_cluster_that_lost_all_its_hosts_is_begun_again_from_its_backup()
    {
        Lab.Exec(First, "gatehouse", "bootstrap", "/root/answers.yaml", "--name", "lab", "--keys-file", "/root/keys").Expect(0);
        Join(First, "10.77.0.181");
        // A change on the web node, which knows the password as a secret of the cluster.
        Lab.Shell(
                Second,
                "sed 's/site_name: LAB/site_name: KIEL/' /etc/gatehouse/answers.yaml >/root/changed.yaml && gatehouse apply "
                    + "/root/changed.yaml --yes"
            )
            .Expect(0);
        var (backup, keys) = (Backup(), Lab.Exec(First, "cat", "/root/keys").Expect(0).Output);
        var before = (
            Settings: Registry(First, Settings),
            Secrets: Registry(First, Secrets),
            Root: Authority(First, "Root CA"),
            Issuing: Authority(First, "Issuing CA, current")
        );
        Assert.Matches("(?m)^web\\.password", before.Secrets);

        // Total loss: one host is gone with its disk, and the other, with its cable pulled, is as good as lost.
        Lab.Link(First, "down");
        Lab.Down(Second);
        up.Remove(Second);
        Up($"{Third}={ThirdAddress}");
        Install(Third);
        Lab.Write(Third, "/root/backup", backup, "0600");
        Lab.Write(Third, "/root/keys", keys, "0600");
        RefuseWhatIsWrong(keys);
        RestoreAfterKills();

        Assert.Equal(before.Settings, Registry(Third, Settings));
        Assert.Equal(before.Secrets, Registry(Third, Secrets));
        Assert.Equal(before.Root, Authority(Third, "Root CA"));
        Assert.Equal(before.Issuing, Authority(Third, "Issuing CA, retired"));
        Assert.Equal(
            "1 removed\n2 removed\n3 active\n",
            Registry(Third, "select number || ' ' || state from gatehouse.nodes order by number")
        );

        Up($"{Second}={SecondAddress}");
        Install(Second);
        Join(Third, ThirdAddress);
        Lab.Until("both are well", TimeSpan.FromSeconds(240), () => ClusterHosts.IsWell(Third) && ClusterHosts.IsWell(Second));
        using var status = JsonDocument.Parse(ClusterHosts.Status(Second, "--json").Output);
        Assert.Equal(
            ["3 r1.lab.example", "4 r2.lab.example"],
            status
                .RootElement.GetProperty("nodes")
                .EnumerateArray()
                .Select(n => $"{n.GetProperty("number")} {n.GetProperty("name").GetString()}")
        );
        Assert.Equal(101, status.RootElement.GetProperty("epoch").GetInt64());
        // The secret opens on the new host, which never had the file that it came from.
        Assert.Contains(
            password,
            Lab.Shell(Second, "cat /etc/gatehouse/secrets/sealed/web.password*").Expect(0).Output,
            StringComparison.Ordinal
        );
        Lab.Exec(Second, "grep", "-q", "site_name: KIEL", "/etc/gatehouse/answers.yaml").Expect(0);

        TheOldIssuerStepsDown();
    }

    // Everything that is wrong is told at once, and nothing is written.
    private static void RefuseWhatIsWrong(string keys)
    {
        Lab.Write(
            Third,
            "/root/wrong",
            Regex.Replace(keys, "Master token:.*", "Master token:   GHMT-00000-00011-00022-00033-00044-00055-00066-00077"),
            "0600"
        );
        Lab.Shell(
                Third,
                "sed 's/^made: 20/made: 21/' /root/backup >/root/changed; head -c 2000 /root/backup >/root/cut; sed 's/^gatehouse-backup "
                    + "1/gatehouse-backup 2/' /root/backup >/root/later"
            )
            .Expect(0);
        var before = Fingerprint();
        var wrong = Lab.Exec(Third, "gatehouse", "restore", "/root/backup", "--keys-file", "/root/wrong").Expect(2).Error;
        Assert.Contains("master token", wrong, StringComparison.Ordinal);
        Assert.Contains("name one with --name: r1.lab.example (database)", wrong, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", wrong, StringComparison.Ordinal);
        foreach (
            var (file, said) in new[] { ("changed", "was changed"), ("cut", "is cut off"), ("later", "form 2"), ("none", "cannot be read") }
        )
            Assert.Contains(said, Restore($"/root/{file}", "--keys-file", "/root/keys").Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains("no master token was given", Restore("/root/backup").Expect(2).Error, StringComparison.Ordinal);
        Restore("/root/backup", "--keys-file", "/root/keys", "--check").Expect(0);
        Assert.Equal(before, Fingerprint());
    }

    private static void RestoreAfterKills()
    {
        foreach (var point in new[] { "Checking the new configuration", "Making the registry" })
        {
            Lab.Shell(
                    Third,
                    $$"""
                    gatehouse restore /root/backup --name r1.lab.example --address {{ThirdAddress}} \
                      --keys-file /root/keys >/root/restore.log 2>&1 & p=$!
                    i=0
                    while [ $i -lt 9000 ] && kill -0 $p 2>/dev/null && ! grep -q '{{point}}' /root/restore.log; do
                      sleep 0.02; i=$((i+1))
                    done
                    kill -9 $p && wait $p; [ $? = 137 ]
                    """
                )
                .Expect(0);
        }

        var restored = Restore("/root/backup", "--keys-file", "/root/keys").Expect(0);
        Assert.Contains("\n  gatehouse invite r2.lab.example --profile web\n", restored.Output, StringComparison.Ordinal);
        Assert.Contains(
            "is node 3 of cluster lab",
            Restore("/root/backup", "--keys-file", "/root/keys").Expect(3).Error,
            StringComparison.Ordinal
        );
    }

    // Its own registry says that it is the issuer; the members that it knows say that it is not.
    private static void TheOldIssuerStepsDown()
    {
        Lab.Link(First, "up");
        Assert.Contains("was removed from the cluster", Lab.Exec(First, "gatehouse", "sync").Expect(3).Error, StringComparison.Ordinal);
        Assert.Equal(
            "",
            Lab.Shell(
                First,
                "ls /etc/gatehouse/pki/issuer.* /var/lib/gatehouse/cluster/pki/issuer.* /etc/gatehouse/pki/root.key.sealed 2>/dev/null"
            ).Output
        );
        Lab.Until("the restored cluster is well as before", TimeSpan.FromSeconds(240), () => ClusterHosts.IsWell(Third));
    }

    private void Up(params string[] hosts)
    {
        up.UnionWith(hosts.Select(h => h.Split('=')[0]));
        Lab.Up("bare", hosts);
    }

    private void Install(string host)
    {
        Lab.Push(host, package, "/root/gatehouse.deb");
        Lab.Exec(host, "apt-get", "install", "-y", "/root/gatehouse.deb").Expect(0);
    }

    private static Result Restore(string file, params string[] options) =>
        Lab.Exec(Third, ["gatehouse", "restore", file, "--name", "r1.lab.example", "--address", ThirdAddress, .. options]);

    // The issuer's agent takes the new member up while that one tells it of its end: run again, the join goes on.
    private static void Join(string issuer, string address)
    {
        Lab.Write(Second, "/root/code", Beginning.Invite(issuer, "r2.lab.example", "web") + "\n", "0600");
        Lab.Until(
            "the join",
            TimeSpan.FromSeconds(120),
            () =>
                Lab.Shell(Second, $"gatehouse join {address} --name r2.lab.example --address {SecondAddress} --yes </root/code").ExitCode
                == 0
        );
    }

    private static string Backup()
    {
        Lab.Exec(First, "gatehouse", "backup", "/root/backup").Expect(0);
        Assert.Contains("--replace", Lab.Exec(First, "gatehouse", "backup", "/root/backup").Expect(2).Error, StringComparison.Ordinal);
        // A web node has the secrets of the web alone.
        Assert.Contains(
            "would not be whole",
            Lab.Exec(Second, "gatehouse", "backup", "/root/backup").Expect(3).Error,
            StringComparison.Ordinal
        );
        var told = Lab.Exec(First, "gatehouse", "backup", "/root/backup", "--replace").Expect(0).Output;
        Assert.Contains("r1.lab.example (1), r2.lab.example (2)", told, StringComparison.Ordinal);
        Assert.Equal("600 root\n", Lab.Exec(First, "stat", "-c", "%a %U", "/root/backup").Output);
        return Lab.Exec(First, "cat", "/root/backup").Expect(0).Output;
    }

    private const string Settings = "select number, state, answers from gatehouse.settings order by number";
    private const string Secrets = "select name, key_id, sealed from gatehouse.secrets order by name";

    private static string Registry(string host, string query) =>
        Lab.Exec(host, ["su", "postgres", "-c", "cd /; psql -d gatehouse -At"], query + ";\n").Expect(0).Output;

    private static string Authority(string host, string kind)
    {
        var lines = Lab.Exec(host, "gatehouse", "ca", "show").Expect(0).Output.Split('\n');
        return lines[Array.FindIndex(lines, l => l.StartsWith(kind, StringComparison.Ordinal)) + 1].Trim();
    }

    private static string Fingerprint() =>
        Lab.Shell(
                Third,
                "find /etc /usr/lib/systemd /var/lib/gatehouse /var/lib/postgresql -type f -exec sha256sum {} \\; 2>/dev/null | LC_ALL=C "
                    + "sort | sha256sum"
            )
            .Expect(0)
            .Output;
}

using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Two members change their addresses, the second of them the node of the database; nobody is cut off by it.</summary>
[Trait("Lane", "beside")]
public sealed class AddressStories : IDisposable
{
    private const string First = "e2e-a1";
    private const string Second = "e2e-a2";
    private const string FirstOld = "10.77.0.187";
    private const string SecondOld = "10.77.0.188";
    private const string FirstNew = "10.77.0.189";
    private const string SecondNew = "10.77.0.190";

    public AddressStories()
    {
        Lab.Up("bare", $"{First}={FirstOld}", $"{Second}={SecondOld}");
        Beginning.Install(First, Second);
        Beginning.Bootstrap(
            First,
            Beginning.Answers("cluster.yaml", First, FirstOld).Replace("profile: full", "profile: database", StringComparison.Ordinal)
        );
        Beginning.Join(Second, SecondOld, "web", First, FirstOld);
        Lab.Until("both agents", TimeSpan.FromSeconds(120), () => ClusterHosts.IsWell(First) && ClusterHosts.IsWell(Second));
    }

    public void Dispose() => Lab.Down(First, Second);

    [Fact]
    public void Members_move_to_other_addresses_and_the_cluster_stays_whole_and_who_was_away_meanwhile_is_told()
    {
        // An address that is another's, or that is nowhere here, is refused before anything is changed.
        var taken = Lab.Exec(Second, "gatehouse", "node", "address", FirstOld, "--forwarded").Expect(3);
        Assert.Contains($"{FirstOld} is the address of a1.lab.example (node 1)", taken.Error, StringComparison.Ordinal);
        Assert.Contains(
            "no interface of this host has",
            Lab.Exec(Second, "gatehouse", "node", "address", SecondNew).Expect(3).Error,
            StringComparison.Ordinal
        );

        Move(Second, SecondOld, SecondNew);
        // Killed in the middle, it goes on when it is run again.
        Lab.Shell(
                First,
                $"ip address add {FirstNew}/24 dev eth0; gatehouse node address {FirstNew} >/root/log 2>&1 & p=$!; i=0; while [ $i -lt "
                    + $"500 ] && ! grep -q Renewing /root/log; do sleep 0.02; i=$((i+1)); done; kill -9 $p; wait $p; [ $? = 137 ]"
            )
            .Expect(0);
        Move(First, FirstOld, FirstNew);

        foreach (var host in new[] { First, Second })
        {
            Lab.Until($"{host} finds all well", TimeSpan.FromSeconds(90), () => ClusterHosts.IsWell(host));
            var status = ClusterHosts.Status(host).Output;
            Assert.Contains(FirstNew, status, StringComparison.Ordinal);
            Assert.Contains(SecondNew, status, StringComparison.Ordinal);
            Assert.Contains($"{FirstNew} a1.lab.example", Lab.Exec(host, "cat", "/etc/hosts").Output, StringComparison.Ordinal);
            Assert.Contains(
                $"\"databases\":[\"{FirstNew}\"]",
                Lab.Exec(host, "cat", "/etc/gatehouse/cluster.json").Output,
                StringComparison.Ordinal
            );
            Lab.Exec(host, "gatehouse", "sync").Expect(0);
            Assert.Contains(
                host == First ? FirstNew : SecondNew,
                Lab.Exec(host, "openssl", "x509", "-in", "/etc/gatehouse/pki/node.crt", "-noout", "-ext", "subjectAltName").Output,
                StringComparison.Ordinal
            );
        }

        // The database moves once more while the other member is away, and is gone from where it was when that comes back.
        Lab.Link(Second, "down");
        try
        {
            Lab.Shell(First, $"ip address add {FirstOld}/24 dev eth0").Expect(0);
            Assert.Contains(
                "a2.lab.example has not synced yet",
                Lab.Exec(First, "gatehouse", "node", "address", FirstOld).Expect(0).Error,
                StringComparison.Ordinal
            );
            Lab.Shell(
                    First,
                    $"ip address del {FirstNew}/24 dev eth0; ip address show dev eth0 | grep -q {FirstOld}/ || ip address add "
                        + $"{FirstOld}/24 dev eth0"
                )
                .Expect(0);
        }
        finally
        {
            Lab.Link(Second, "up");
        }

        Lab.Exec(Second, "gatehouse", "sync").Expect(1);
        Lab.Exec(Second, "gatehouse", "sync", "--from", FirstNew).Expect(1);
        Assert.Contains(
            $"on a1.lab.example ({FirstOld})",
            Lab.Exec(Second, "gatehouse", "sync", "--from", FirstOld).Expect(0).Error,
            StringComparison.Ordinal
        );
        Lab.Until("all is well", TimeSpan.FromSeconds(90), () => ClusterHosts.IsWell(Second));
    }

    private static void Move(string host, string old, string next)
    {
        Lab.Shell(host, $"ip address show dev eth0 | grep -q {next}/ || ip address add {next}/24 dev eth0").Expect(0);
        var moved = Lab.Exec(host, "gatehouse", "node", "address", next).Expect(0);
        Assert.Contains("All members know it", moved.Output, StringComparison.Ordinal);
        // Nobody needs the old one any more.
        Lab.Shell(
                host,
                $"ip address del {old}/24 dev eth0; ip address show dev eth0 | grep -q {next}/ || ip address add {next}/24 dev eth0"
            )
            .Expect(0);
        foreach (var member in new[] { First, Second })
            Lab.Exec(member, "gatehouse", "sync").Expect(0);
    }
}

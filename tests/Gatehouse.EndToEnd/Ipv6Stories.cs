using Xunit;

namespace Gatehouse.EndToEnd;

[Trait("Lane", "beside")]
public sealed class Ipv6Stories : IDisposable
{
    private const string First = "e2e-six1";
    private const string Second = "e2e-six2";

    public void Dispose() => Lab.Down(First, Second);

    [Fact]
    public void A_cluster_lives_on_IPv6_alone()
    {
        Lab.Up("bare", $"{First}=10.77.0.174", $"{Second}=10.77.0.175");
        Beginning.Install(First, Second);
        // The other kind of address is taken away, so that nothing goes by it unseen.
        foreach (var host in new[] { First, Second })
            Lab.Shell(host, "ip -4 addr flush dev eth0 && [ -z \"$(ip -4 -o addr show dev eth0)\" ]").Expect(0);
        Lab.Push(First, Lab.File("Answers", "ipv6.yaml"), "/root/answers.yaml");
        Lab.Exec(First, "gatehouse", "bootstrap", "/root/answers.yaml", "--name", "six", "--keys-file", "/root/keys").Expect(0);
        Beginning.Join(Second, "fd77::175", "web", First, "[fd77::174]");
        Lab.Until("both well", TimeSpan.FromSeconds(60), () => ClusterHosts.IsWell(First) && ClusterHosts.IsWell(Second));
        Assert.Matches(@"six2\.lab\.example\(2\) +fd77::175 +web-A ", ClusterHosts.Status(First).Output);
        Assert.Contains(
            "six2.lab.example: done: ",
            Lab.Exec(First, "gatehouse", "cluster", "run", "verify").Expect(0).Output,
            StringComparison.Ordinal
        );
    }
}

using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Rollback on a member takes the settings of the whole cluster back: its own files alone would be at odds with the
/// others'.</summary>
[Collection(ClusterCollection.Name)]
public sealed class MemberRollbackTests
{
    [Fact]
    public void Rollback_on_one_member_takes_all_members_back()
    {
        foreach (var zone in new[] { "Europe/Paris", "Europe/Oslo" })
        {
            Beginning.ChangeZone(ClusterHosts.First, zone).Expect(0);
            Assert.Equal([zone], Zones().Distinct());
        }

        var back = Lab.Exec(ClusterHosts.Second, "gatehouse", "rollback", "--yes").Expect(0);
        Assert.Contains("become those of all members", back.All, StringComparison.Ordinal);
        Assert.Equal(["Europe/Paris"], Zones().Distinct());
        Assert.Equal(1, Lab.Exec(ClusterHosts.Second, "test", "-e", "/var/lib/gatehouse/rollback.yaml").ExitCode);
        Lab.Until(
            "all is well",
            TimeSpan.FromMinutes(2),
            () => ClusterHosts.IsWell(ClusterHosts.First) && ClusterHosts.IsWell(ClusterHosts.Second)
        );
        Lab.Exec(ClusterHosts.Second, "gatehouse", "drift").Expect(0);
    }

    [Fact]
    public void The_host_before_gatehouse_is_had_back_after_leaving() =>
        Assert.Contains(
            "'gatehouse leave'",
            Lab.Exec(ClusterHosts.Second, "gatehouse", "rollback", "0", "--yes").Expect(3).Error,
            StringComparison.Ordinal
        );

    private static string[] Zones() =>
        [.. new[] { ClusterHosts.First, ClusterHosts.Second }.Select(h => Lab.Exec(h, "cat", "/etc/timezone").Expect(0).Output.Trim())];
}

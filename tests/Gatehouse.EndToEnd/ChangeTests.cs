using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class ChangeTests
{
    [Fact]
    public void A_second_run_changes_nothing()
    {
        Gateway.Restore();
        var before = Gateway.Run("history", "--json").Expect(0).Output;
        Assert.Contains("Nothing to do", Gateway.Run("plan").Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("Nothing to do", Gateway.Run("apply", Gateway.Answers).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal(before, Gateway.Run("history", "--json").Expect(0).Output);
    }

    [Fact]
    public void A_hand_edit_shows_as_drift_and_apply_puts_it_back()
    {
        var before = Gateway.Fingerprint();
        Lab.Shell(Gateway.Name, "echo '# mine' >> /etc/exim4/exim4.conf; chmod 644 /etc/gatehouse/pki/web.key").Expect(0);
        var drift = Gateway.Run("drift").Expect(1).Output;
        Assert.Contains("/etc/exim4/exim4.conf: edited", drift, StringComparison.Ordinal);
        Assert.Contains("/etc/gatehouse/pki/web.key: owner and mode are root:root 0644, not root:root 0600", drift, StringComparison.Ordinal);
        Assert.Contains("edited by hand", Gateway.Run("plan").Expect(0).Output, StringComparison.Ordinal);
        Gateway.Run("apply", "--yes").Expect(0);
        Gateway.Run("drift").Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
    }

    [Fact]
    public void A_setting_changes_one_service_and_rollback_restores_bytes_and_service()
    {
        Gateway.Restore();
        var before = Gateway.Fingerprint();
        Gateway.Edit("organisation: Lab & Söhne \"$sender_host_address\" {{x}}", "organisation: Changed Ltd");
        var plan = Gateway.Run("plan", Gateway.Answers, "--diff").Expect(0).Output;
        Assert.Contains("reload exim4.service", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("nginx", plan, StringComparison.Ordinal);
        Assert.Contains("Changed Ltd", plan, StringComparison.Ordinal);
        Gateway.Run("apply", Gateway.Answers).Expect(0);
        Lab.Until("the new banner", TimeSpan.FromSeconds(10), () => Banner().Contains("Changed Ltd", StringComparison.Ordinal));

        Gateway.Run("rollback", "--yes").Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
        Lab.Until("the old banner", TimeSpan.FromSeconds(10), () => Banner().StartsWith("220 mx1.lab.example ESMTP ", StringComparison.Ordinal) && !Banner().Contains("Changed", StringComparison.Ordinal));
        Gateway.Run("verify").Expect(0);
    }

    [Fact]
    public void Before_gatehouse_can_be_had_back_and_left_again()
    {
        Gateway.Restore();
        Gateway.Run("rollback", "0", "--yes").Expect(0);
        Assert.Equal("", Lab.Shell(Gateway.Name, "nft list tables | grep gatehouse || true").Output);
        Assert.NotEqual("active", Lab.Exec(Gateway.Name, "systemctl", "is-active", "rspamd").Output.Trim());
        Assert.Equal(Gateway.Name, Lab.Exec(Gateway.Name, "cat", "/etc/hostname").Output.Trim());
        Assert.Equal(1, Lab.Shell(Gateway.Name, "test -e /etc/exim4/exim4.conf").ExitCode);
        Gateway.Run("apply", Gateway.Answers).Expect(0);
        Gateway.Run("verify").Expect(0);
    }

    [Fact]
    public void Old_messages_leave_the_quarantine_and_young_ones_stay()
    {
        Lab.Shell(Gateway.Name, "d=/var/spool/gatehouse/quarantine/20200101/1; mkdir -p $d; touch $d/young.msg; touch -d '40 days ago' $d/old.msg; chown -R Debian-exim: /var/spool/gatehouse/quarantine/20200101").Expect(0);
        Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-quarantine-retention.service").Expect(0);
        Assert.Equal("young.msg", Lab.Exec(Gateway.Name, "ls", "/var/spool/gatehouse/quarantine/20200101/1").Expect(0).Output.Trim());
    }

    private static string Banner() => Lab.Shell(Gateway.Client, $"printf 'QUIT\\r\\n' | timeout 5 nc {Gateway.Address} 25 | head -1").Output;
}

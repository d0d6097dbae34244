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
        Assert.Contains("Nothing to do", Gateway.Apply().Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal(before, Gateway.Run("history", "--json").Expect(0).Output);
    }

    [Fact]
    public void A_hand_edit_shows_as_drift_and_apply_puts_it_back()
    {
        var before = Gateway.Fingerprint();
        Lab.Shell(Gateway.Name, "echo '# mine' >> /etc/exim4/exim4.conf; chmod 644 /etc/gatehouse/pki/web.key").Expect(0);
        var drift = Gateway.Run("drift").Expect(1).Output;
        Assert.Contains("/etc/exim4/exim4.conf: edited", drift, StringComparison.Ordinal);
        Assert.Contains(
            "/etc/gatehouse/pki/web.key: owner and mode are root:root 0644, not root:root 0600",
            drift,
            StringComparison.Ordinal
        );
        Assert.Contains("edited by hand", Gateway.Run("plan").Expect(0).Output, StringComparison.Ordinal);
        Gateway.Run("apply", "--yes").Expect(0);
        Gateway.Run("drift").Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
        Assert.Contains("edited", Gateway.Run("history").Expect(0).Output, StringComparison.Ordinal);

        // As promised, the way back is to the edits.
        Gateway.Run("rollback", "--yes").Expect(0);
        Assert.EndsWith("# mine\n", Lab.Exec(Gateway.Name, "cat", "/etc/exim4/exim4.conf").Expect(0).Output, StringComparison.Ordinal);
        Gateway.Run("drift").Expect(0);
        Gateway.Restore();
        Assert.Equal(before, Gateway.Fingerprint());
    }

    [Fact]
    public void Lines_of_others_in_shared_files_are_kept_and_ours_come_back_when_the_files_are_rewritten()
    {
        Gateway.Restore();
        Assert.Contains(Gateway.OwnHost, Lab.Exec(Gateway.Name, "cat", "/etc/hosts").Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains(
            "search corp.example.org",
            Lab.Exec(Gateway.Name, "cat", "/etc/resolv.conf").Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "manage_etc_hosts: false",
            Lab.Exec(Gateway.Name, "cat", "/etc/cloud/cloud.cfg.d/99-gatehouse.cfg").Expect(0).Output,
            StringComparison.Ordinal
        );
        var before = Gateway.Fingerprint();

        // As cloud-init does at a boot.
        Lab.Shell(
                Gateway.Name,
                $"cp /etc/hosts /root/hosts; printf '127.0.1.1 mx1.lab.example mx1\n127.0.0.1 localhost\n{Gateway.OwnHost}\n' > /etc/hosts"
            )
            .Expect(0);
        Assert.Contains("/etc/hosts: edited", Gateway.Run("drift").Expect(1).Output, StringComparison.Ordinal);
        Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-names.service").Expect(0);
        Gateway.Run("drift").Expect(0);
        Assert.Equal(
            Gateway.Address,
            Lab.Shell(Gateway.Name, "getent ahostsv4 mx1.lab.example | cut -d' ' -f1 | sort -u").Expect(0).Output.Trim()
        );
        Lab.Exec(Gateway.Name, "cp", "/root/hosts", "/etc/hosts").Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
    }

    [Fact]
    public void History_says_who_applied_and_what_and_so_does_the_journal()
    {
        Gateway.Restore();
        Gateway.Edit("site_name: LAB", "site_name: OTHER");
        Gateway.Apply().Expect(0);
        var number = Lab.Shell(Gateway.Name, "gatehouse history | sed -n 's/^ *\\([0-9]*\\)\\*.*/\\1/p'").Expect(0).Output.Trim();
        Assert.Contains(
            "scanner.site_name: LAB -> OTHER",
            Gateway.Run("history", "show", number).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"generation {number} is in place and verified",
            Lab.Exec(Gateway.Name, "journalctl", "-t", "gatehouse", "-n", "5", "--no-pager", "-o", "cat").Expect(0).Output,
            StringComparison.Ordinal
        );
        Gateway.Restore();
    }

    [Fact]
    public void Purged_and_installed_again_an_apply_records_what_is_there()
    {
        Gateway.Restore();
        var before = Gateway.Fingerprint();
        // The history alone, which is what a purge takes from a running gateway.
        Lab.Shell(Gateway.Name, "mv /var/lib/gatehouse/generations /var/lib/gatehouse/objects /root/").Expect(0);
        Assert.Contains("no record of an apply", Gateway.Run("verify").Expect(1).Error, StringComparison.Ordinal);
        Assert.Contains("generation 1 is in place and verified", Gateway.Apply().Expect(0).Output, StringComparison.Ordinal);
        Gateway.Run("drift").Expect(0);
        Gateway.Run("verify").Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
        Lab.Shell(Gateway.Name, "cd /var/lib/gatehouse && rm -r generations objects && mv /root/generations /root/objects .").Expect(0);
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
        Gateway.Apply().Expect(0);
        Lab.Until("the new banner", TimeSpan.FromSeconds(10), () => Banner().Contains("Changed Ltd", StringComparison.Ordinal));

        Gateway.Run("rollback", "--yes").Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
        Lab.Until(
            "the old banner",
            TimeSpan.FromSeconds(10),
            () =>
                Banner().StartsWith("220 mx1.lab.example ESMTP ", StringComparison.Ordinal)
                && !Banner().Contains("Changed", StringComparison.Ordinal)
        );
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
        Assert.Equal(Gateway.Name, Lab.Exec(Gateway.Name, "hostname").Output.Trim());
        Assert.Contains(Gateway.OwnHost, Lab.Exec(Gateway.Name, "cat", "/etc/hosts").Output, StringComparison.Ordinal);
        Assert.Equal(
            "",
            Lab.Shell(
                Gateway.Name,
                "systemctl list-unit-files --state=enabled --no-legend | grep -E "
                    + "'^(nginx|exim4|rspamd|redis-server|clamav-daemon)[.]service' || true; ls /etc/cloud/cloud.cfg.d"
            ).Output
        );
        Assert.Contains("there is nothing to verify", Gateway.Run("verify").Expect(1).Error, StringComparison.Ordinal);
        Gateway.Apply().Expect(0);
        Gateway.Run("verify").Expect(0);
    }

    [Fact]
    public void Old_messages_leave_the_quarantine_and_young_ones_stay()
    {
        Lab.Shell(
                Gateway.Name,
                "d=/var/spool/gatehouse/quarantine/20200101/1; mkdir -p $d; touch $d/young.msg; touch -d '40 days ago' $d/old.msg; chown "
                    + "-R Debian-exim: /var/spool/gatehouse/quarantine/20200101"
            )
            .Expect(0);
        Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-quarantine-retention.service").Expect(0);
        Assert.Equal("young.msg", Lab.Exec(Gateway.Name, "ls", "/var/spool/gatehouse/quarantine/20200101/1").Expect(0).Output.Trim());
    }

    [Fact]
    public void Old_messages_leave_the_quarantine_also_when_the_program_is_gone()
    {
        Lab.Shell(
                Gateway.Name,
                "d=/var/spool/gatehouse/quarantine/20200102/1; mkdir -p $d; touch -d '40 days ago' $d/old.msg; chown -R Debian-exim: "
                    + "/var/spool/gatehouse/quarantine/20200102; mv /usr/bin/gatehouse /usr/bin/gatehouse.gone"
            )
            .Expect(0);
        try
        {
            Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-quarantine-retention.service").Expect(0);
            Assert.Equal("", Lab.Shell(Gateway.Name, "find /var/spool/gatehouse/quarantine/20200102 -name '*.msg'").Output);
        }
        finally
        {
            Lab.Exec(Gateway.Name, "mv", "/usr/bin/gatehouse.gone", "/usr/bin/gatehouse").Expect(0);
        }
    }

    private static string Banner() =>
        Lab.Shell(Gateway.Client, $"printf 'QUIT\\r\\n' | timeout 5 nc {Gateway.Address} 25 | head -1").Output;
}

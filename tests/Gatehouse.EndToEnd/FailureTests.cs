using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Whatever fails, the host ends with a configuration that works, and says which.</summary>
[Collection(GatewayStories.Name)]
public sealed class FailureTests : IDisposable
{
    private const string SiteTemplates = "/etc/gatehouse/templates";
    private readonly string before;

    public FailureTests()
    {
        Gateway.Restore();
        before = Gateway.Fingerprint();
    }

    public void Dispose() => Gateway.Restore();

    [Theory]
    [InlineData("exim/exim4.conf.hbs", "acl_smtp_rcpt = acl_check_rcpt", "acl_smtp_rcpt = acl_of_nobody", "foreign domain")]
    [InlineData("exim/exim4.conf.hbs", "transport = remote_smtp", "transport = nowhere", "Exim")]
    [InlineData("exim/exim4.conf.hbs", "tls_require_ciphers", "tls_requre_ciphers", "Exim")]
    [InlineData("rspamd/ratelimit.conf.hbs", "limit_{{name}}", "ip:nomethod.ipmask(24)", "message limit")]
    [InlineData("rspamd/override.options.inc.hbs", "local_addrs = [", "local_addrs = [[{", "rspamd")]
    [InlineData("firewall/firewall.nft.hbs", "policy drop", "policy sometimes", "nftables")]
    [InlineData("web/nginx.conf.hbs", "listen 80;", "listen eighty;", "nginx")]
    [InlineData("chrony/chrony.conf.hbs", "rtcsync", "rtcsink", "chrony")]
    [InlineData("redis/redis.conf.hbs", "loglevel notice", "loglevel shouting", "Redis")]
    [InlineData("clamav/clamd.conf.hbs", "ScanMail true", "ScanPost true", "ClamAV")]
    public void What_a_daemon_would_choke_on_is_refused_before_any_change(string template, string from, string to, string check)
    {
        Override(template, from, to);
        var result = Gateway.Apply().Expect(3);
        Assert.Contains("check failed", result.Error, StringComparison.Ordinal);
        Assert.Contains(check, result.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", result.Error, StringComparison.Ordinal);
        Unchanged();
    }

    [Fact]
    public void A_unit_that_does_not_start_is_rolled_back()
    {
        Override("exim/exim4.service.hbs", "ExecStart=/usr/sbin/exim4 -bdf -q15m", "ExecStart=/bin/false");
        RolledBack("exim4.service");
    }

    [Fact]
    public void A_verification_that_fails_is_rolled_back()
    {
        Override("web/interface.conf.hbs", "auth_basic \"Gatehouse\";", "return 503;");
        Override("web/component.yaml", "status: \"401\"", "status: \"401\", within: 2s");
        RolledBack("should answer 401, but answers 503");
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_rolled_back()
    {
        Gateway.Edit("site_name: LAB", "site_name: OTHER");
        Lab.Exec(Gateway.Name, "mount", "--bind", "/etc/exim4", "/etc/exim4").Expect(0);
        Lab.Exec(Gateway.Name, "mount", "-o", "remount,bind,ro", "/etc/exim4").Expect(0);
        try
        {
            RolledBack("Read-only file system");
        }
        finally
        {
            Lab.Exec(Gateway.Name, "umount", "/etc/exim4").Expect(0);
        }
    }

    [Fact]
    public void A_full_disk_changes_nothing()
    {
        Gateway.Edit("site_name: LAB", "site_name: OTHER");
        try
        {
            // Room for what is there, quarantined messages too, and then for nothing.
            Lab.Shell(
                    Gateway.Name,
                    "cp -a /var/lib/gatehouse /root/kept && mount -t tmpfs -o size=$(( $(du -sk /var/lib/gatehouse | cut -f1) + 2048 "
                        + "))k,mode=0700 full /var/lib/gatehouse && cp -a /root/kept/. /var/lib/gatehouse/ && { dd if=/dev/zero "
                        + "of=/var/lib/gatehouse/filler bs=4k 2>/dev/null || true; }"
                )
                .Expect(0);
            var result = Gateway.Apply().Expect(3);
            Assert.Contains("No space left on device", result.Error, StringComparison.Ordinal);
            Unchanged();
        }
        finally
        {
            Lab.Shell(Gateway.Name, "if mountpoint -q /var/lib/gatehouse; then umount /var/lib/gatehouse; fi && rm -rf /root/kept")
                .Expect(0);
        }
    }

    [Fact]
    public void An_apply_that_would_cut_off_its_own_session_is_refused()
    {
        Gateway.Edit("admin_networks: [10.77.0.128/29, 10.77.0.1/32]", "admin_networks: [192.0.2.0/24]");
        var result = Lab.Local(
                "ssh",
                "-i",
                Lab.Key(),
                "-o",
                "StrictHostKeyChecking=no",
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-o",
                "LogLevel=ERROR",
                $"root@{Gateway.Address}",
                $"env -u SSH_CONNECTION gatehouse apply {Gateway.Answers} </dev/null"
            )
            .Expect(3);
        Assert.Contains("you are connected from 10.77.0.1", result.Error, StringComparison.Ordinal);
        Unchanged();
    }

    [Fact]
    public void Two_applies_at_a_time_are_one_too_many()
    {
        Gateway.Edit("site_name: LAB", "site_name: OTHER");
        using var first = Lab.Start(Gateway.Name, "flock", "/var/lib/gatehouse/lock", "cat");
        Lab.Until(
            "the lock",
            TimeSpan.FromSeconds(10),
            () => Lab.Exec(Gateway.Name, "flock", "--nonblock", "/var/lib/gatehouse/lock", "true").ExitCode == 1
        );
        Assert.Contains("another gatehouse process is applying", Gateway.Apply().Expect(1).Error, StringComparison.Ordinal);
        first.StandardInput.Close();
        first.WaitForExit(TimeSpan.FromSeconds(10));
        Unchanged();
    }

    [Fact]
    public void Bad_answers_change_nothing_and_are_all_named()
    {
        Gateway.Edit("postmaster: postmaster@example.org", "postmaster: nobody\n  spam: 6\n  connections: many");
        var result = Gateway.Apply().Expect(2);
        Assert.Equal(
            3,
            result
                .Error.Split('\n')
                .Count(l =>
                    l.StartsWith(Gateway.Answers + ":", StringComparison.Ordinal) && l.Contains(": error ", StringComparison.Ordinal)
                )
        );
        Unchanged();
    }

    private static void Override(string template, string from, string to)
    {
        var shipped = Path.Combine(Lab.Root(), "templates", template);
        var text = File.ReadAllText(shipped);
        Assert.Contains(from, text, StringComparison.Ordinal);
        Lab.Write(Gateway.Name, $"{SiteTemplates}/{template}", text.Replace(from, to, StringComparison.Ordinal));
    }

    private void RolledBack(string reason)
    {
        var result = Gateway.Apply().Expect(4);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.Contains("Everything was rolled back", result.Error, StringComparison.Ordinal);
        Unchanged();
    }

    private void Unchanged()
    {
        Lab.Exec(Gateway.Name, "rm", "-rf", SiteTemplates).Expect(0);
        Assert.Equal(before, Gateway.Fingerprint());
        Gateway.Run("verify").Expect(0);
        Assert.Equal("running", Lab.Exec(Gateway.Name, "systemctl", "is-system-running").Output.Trim());
    }
}

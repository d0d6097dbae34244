using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class SecretTests(Gateway gateway)
{
    [Fact]
    public void No_secret_shows_in_output_logs_records_or_the_process_list()
    {
        var secrets = new[]
        {
            gateway.Password,
            Lab.Exec(Gateway.Name, "cat", "/etc/gatehouse/secrets/redis-password").Expect(0).Output.Trim(),
            Lab.Exec(Gateway.Name, "cat", "/etc/gatehouse/secrets/controller-password").Expect(0).Output.Trim(),
        };
        Gateway.Restore();
        Gateway.Edit("site_name: LAB", "site_name: QUIET");
        // While the apply runs, the process list is written down again and again.
        var watched = Lab.Shell(
                Gateway.Name,
                $"gatehouse apply {Gateway.Answers} --log-level debug >/root/out 2>&1 & a=$!; while kill -0 $a 2>/dev/null; do cat "
                    + $"/proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; done >/root/processes; wait $a"
            )
            .Expect(0);
        Assert.Equal("", watched.All);
        Gateway.Run("plan", "--diff", "--json").Expect(0);
        var outputs = string.Concat(
            Lab.Exec(Gateway.Name, "cat", "/root/out", "/root/processes").Expect(0).Output,
            gateway.FirstApply.All,
            Gateway.Run("history", "--json").All,
            Gateway.Run("verify", "--json").All,
            Gateway.Run("drift", "--json").All,
            Lab.Shell(Gateway.Name, "cat /var/lib/gatehouse/generations/*.json").Expect(0).Output,
            Lab.Shell(
                Gateway.Name,
                "cat /var/log/exim4/* /var/log/nginx/* /var/log/rspamd/* /var/log/redis/* 2>/dev/null; journalctl --no-pager --output=cat"
            ).Output
        );
        Assert.Contains("gatehouse", outputs, StringComparison.Ordinal);
        foreach (var secret in secrets)
            Assert.DoesNotContain(secret, outputs, StringComparison.Ordinal);
        Gateway.Restore();
    }

    [Fact]
    public void Nobody_but_root_and_the_daemons_can_read_a_secret()
    {
        foreach (
            var path in new[]
            {
                "/etc/gatehouse/answers.yaml",
                "/etc/gatehouse/pki/web.key",
                "/etc/gatehouse/pki/mta.key",
                "/etc/gatehouse/secrets",
                "/var/lib/gatehouse",
                "/etc/redis/redis-gatehouse.conf",
                "/etc/nginx/gatehouse/controller.conf",
                "/etc/exim4/gatehouse/dkim.key",
                "/etc/rspamd/local.d/redis.conf",
            }
        )
            Assert.EndsWith("0", Lab.Exec(Gateway.Name, "stat", "-c", "%a", path).Expect(0).Output.Trim(), StringComparison.Ordinal);
        Assert.NotEqual(0, Lab.Shell(Gateway.Name, "su -s /bin/sh nobody -c 'cat /etc/gatehouse/pki/mta.key'").ExitCode);
    }
}

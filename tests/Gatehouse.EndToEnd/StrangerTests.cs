using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Verification connects as the world does: it finds what a stranger would find, and leaves nothing behind.</summary>
[Collection(GatewayStories.Name)]
public sealed class StrangerTests : IDisposable
{
    public StrangerTests() => Gateway.Restore();

    public void Dispose() => Gateway.Restore();

    [Fact]
    public void A_gateway_is_verified_as_a_stranger_a_relay_network_and_a_balancer_and_nothing_is_left()
    {
        var (log, delivered) = (Gateway.Log().Length, Gateway.Delivered());
        var result = Gateway.Run("verify", "--json").Expect(0);
        using var json = JsonDocument.Parse(result.Output);
        var states = json
            .RootElement.GetProperty("verifications")
            .EnumerateArray()
            .ToDictionary(v => v.GetProperty("name").GetString()!, v => v.GetProperty("state").GetString()!, StringComparer.Ordinal);
        string[] wanted =
        [
            "SMTP as a stranger (IPv4)",
            "SMTP as a stranger (IPv6)",
            "SMTP as a relay network (IPv4)",
            "SMTP as a stranger behind a load balancer (IPv4)",
            "SMTP as a relay network behind a load balancer (IPv4)",
            "submission port 587 as a stranger (IPv4)",
            "submission port 587 as a relay network (IPv4)",
            "delivery for a stranger",
            "delivery for a relay network",
            "STARTTLS certificate",
            "management web with a wrong password",
        ];
        Assert.All(wanted, name => Assert.Equal("ok", states.GetValueOrDefault(name)));
        Assert.DoesNotContain("unknown", states.Values);

        NothingIsLeft();
        Assert.Equal("0", Lab.Exec(Gateway.Name, "exim4", "-bpc").Expect(0).Output.Trim());
        Assert.DoesNotMatch("TLS error|rejected|temporarily|unexpected|SMTP protocol|defer", Gateway.Log()[log..]);
        Assert.Equal("0", Lab.Shell(Gateway.Name, "cat /var/log/exim4/paniclog 2>/dev/null | wc -l").Expect(0).Output.Trim());
        Assert.Equal(delivered, Gateway.Delivered());
        Assert.DoesNotContain(
            "example.org",
            Lab.Shell(Gateway.Name, "exim_dumpdb /var/spool/exim4 callout 2>/dev/null | grep postmaster; true").Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_verification_that_is_killed_leaves_nothing_that_the_next_one_does_not_remove()
    {
        using var verify = Lab.Start(Gateway.Name, "sh", "-c", "echo $$ > /run/verify.pid; exec gatehouse verify");
        Lab.Until(
            "the verification has its network",
            TimeSpan.FromSeconds(30),
            () => Lab.Shell(Gateway.Name, "nft list table inet gatehouse_verify && ip link show ghverify0").ExitCode == 0
        );
        Lab.Shell(Gateway.Name, "kill -9 $(cat /run/verify.pid)").Expect(0);
        verify.WaitForExit(TimeSpan.FromSeconds(10));
        // The network goes with the process; the kernel takes a moment.
        Lab.Until(
            "the interfaces are gone",
            TimeSpan.FromSeconds(10),
            () => Lab.Shell(Gateway.Name, "ip link show ghverify0").ExitCode != 0
        );
        Gateway.Run("verify").Expect(0);
        NothingIsLeft();
    }

    [Fact]
    public void A_firewall_that_keeps_strangers_out_is_rolled_back()
    {
        Override("firewall/firewall.nft.hbs", "\t\ttcp dport 25 accept", "");
        RolledBack("203.0.113.77 cannot connect to 10.77.0.121:25, because a firewall drops its packets");
    }

    [Fact]
    public void A_relay_through_a_balancer_in_a_relay_network_is_rolled_back()
    {
        Gateway.Edit("relay_networks: [10.77.0.224/28]", "relay_networks: [10.77.0.224/28, 10.77.0.150/32]");
        Override(
            "exim/exim4.conf.hbs",
            "hostlist relay_from_hosts",
            "hostlist relay_from_hosts = <; 127.0.0.0/8 ; ::1{{#each mta.relay_networks}} ; {{this}}{{/each}}"
        );
        RolledBack(
            "203.0.113.77 behind the load balancer 10.77.0.150: mail to someone@foreign.invalid should be refused (relaying), but the "
                + "reply is '250"
        );
    }

    [Fact]
    public void A_signature_under_forged_mail_is_rolled_back()
    {
        Override(
            "exim/exim4.conf.hbs",
            "  dkim_domain =",
            "  dkim_domain = ${lookup{$sender_address_domain}lsearch{/etc/exim4/gatehouse/dkim_domains}}"
        );
        RolledBack("203.0.113.77: the message should leave without a DKIM signature, but example.org signed it");
    }

    [Fact]
    public void A_list_of_recipients_that_cannot_be_read_is_rolled_back_and_one_that_can_is_verified()
    {
        Lab.Shell(
                Gateway.Name,
                "printf 'bob@example.org\\n*@six.example.org\\n' > /etc/recipients && chgrp Debian-exim /etc/recipients && chmod 0640 "
                    + "/etc/recipients"
            )
            .Expect(0);
        Gateway.Edit("recipient_check: callout", "recipient_check: list\n  recipient_list: /etc/recipients");
        Override("exim/exim4.conf.hbs", "          !condition = ${lookup{$local_part@$domain}", Broken("192.0.2.1"));
        Assert.Contains("check failed: Exim looks recipients up in the list", Gateway.Apply().Expect(3).Error, StringComparison.Ordinal);
        // What only the check's own client is spared shows when a stranger connects.
        Override("exim/exim4.conf.hbs", "          !condition = ${lookup{$local_part@$domain}", Broken("192.0.2.254"));
        RolledBack("mail to bob@example.org should be accepted, but the reply is '451 Temporary local problem");
        var result = Gateway.Apply().Expect(0);
        // A listed recipient, an unlisted one of each domain, and the foreign one.
        Assert.Contains(
            "SMTP as a stranger (IPv4): 203.0.113.77: 6 recipients answered as configured",
            result.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_the_tools_for_a_network_of_its_own_it_is_a_warning_and_no_success()
    {
        Lab.Shell(Gateway.Name, "mount --bind /bin/false /usr/bin/nsenter").Expect(0);
        try
        {
            var result = Gateway.Run("verify").Expect(0);
            Assert.Matches(@"warn +exim: SMTP as a stranger \(IPv4\) \(not verified as a stranger: ", result.Output);
            Assert.DoesNotMatch(@"ok +exim: SMTP as a stranger", result.Output);
        }
        finally
        {
            Lab.Exec(Gateway.Name, "umount", "/usr/bin/nsenter").Expect(0);
        }

        NothingIsLeft();
    }

    private static void NothingIsLeft()
    {
        Assert.DoesNotContain(
            "gatehouse_verify",
            Lab.Exec(Gateway.Name, "nft", "list", "tables").Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "18248",
            Lab.Shell(Gateway.Name, "ip rule; ip -6 rule; ip route show table all").Output,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("ghverify", Lab.Exec(Gateway.Name, "ip", "-br", "link").Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("0", Lab.Shell(Gateway.Name, "ls /var/spool/gatehouse/verify | wc -l").Expect(0).Output.Trim());
    }

    // A site's own template: the shipped one with other lines in the place of those that begin so.
    private static void Override(string template, string beginning, string line)
    {
        var lines = File.ReadAllLines(Path.Combine(Lab.Root(), "templates", template));
        Assert.Contains(lines, l => l.StartsWith(beginning, StringComparison.Ordinal));
        Lab.Write(
            Gateway.Name,
            $"/etc/gatehouse/templates/{template}",
            string.Join('\n', lines.Select(l => l.StartsWith(beginning, StringComparison.Ordinal) ? line : l)) + "\n"
        );
    }

    private static string Broken(string spared) =>
        $"          !condition = ${{if "
        + $"eq{{$sender_host_address}}{{{spared}}}{{yes}}"
        + $"{{${{lookup{{$local_part@$domain}}lsearch*@{{\"/etc/recipients\"}}{{yes}}{{no}}}}}}}}";

    private static void RolledBack(string why)
    {
        var result = Gateway.Apply().Expect(4);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
        Lab.Exec(Gateway.Name, "rm", "-rf", "/etc/gatehouse/templates").Expect(0);
        NothingIsLeft();
    }
}

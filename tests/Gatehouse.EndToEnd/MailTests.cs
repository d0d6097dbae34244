using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class MailTests(Gateway gateway)
{
    // Written apart, so that no scanner takes this file for what it tests.
    private static readonly string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
    private static readonly string Eicar = @"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

    [Fact]
    public void A_bare_Debian_and_the_package_become_a_gateway()
    {
        gateway.FirstApply.Expect(0);
        Assert.Contains("generation 1 is in place and verified", gateway.FirstApply.Output, StringComparison.Ordinal);
        Assert.Equal("running", Lab.Exec(Gateway.Name, "systemctl", "is-system-running").Output.Trim());
        Gateway.Run("verify").Expect(0);
    }

    [Fact]
    public void A_message_for_a_configured_domain_reaches_the_host_behind_with_headers()
    {
        var subject = $"hello {Guid.NewGuid():N}";
        Gateway.Send("user@example.org", subject, "plain words").Expect(0);
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        var mail = Gateway.Delivered();
        Assert.Contains("X-LAB-Scanned: by mx1.lab.example, clean", mail, StringComparison.Ordinal);
        Assert.Contains("Received: from [10.77.0.130]", mail, StringComparison.Ordinal);
        Assert.Contains("by mx1.lab.example with esmtp", mail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_destination_reached_over_IPv6_works_as_well()
    {
        var subject = $"six {Guid.NewGuid():N}";
        Gateway.Send("user@six.example.org", subject, "plain words").Expect(0);
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("high-spam")]
    [InlineData("virus")]
    public void The_test_patterns_land_in_quarantine_with_a_description(string verdict)
    {
        var subject = $"caught ü {Guid.NewGuid():N}";
        Gateway.Send("user@example.org", subject, verdict == "virus" ? Eicar : Gtube).Expect(0);
        var find = $"grep -l 'subject: {subject}' /var/spool/gatehouse/quarantine/*/1/*.env";
        Lab.Until("quarantine", TimeSpan.FromSeconds(20), () => Lab.Shell(Gateway.Name, find).ExitCode == 0);
        var file = Lab.Shell(Gateway.Name, find).Output.Trim();
        var description = Lab.Exec(Gateway.Name, "cat", file).Expect(0).Output;
        Assert.StartsWith("gatehouse-quarantine: 1\nid: 1-", description, StringComparison.Ordinal);
        Assert.Contains($"\nverdict: {verdict}\n", description, StringComparison.Ordinal);
        Assert.Contains("\nclient: 10.77.0.130\n", description, StringComparison.Ordinal);
        Assert.EndsWith("\nenvelope:\nsender@client.example\nuser@example.org\n", description, StringComparison.Ordinal);
        Assert.Contains(
            subject,
            Lab.Exec(Gateway.Name, "cat", Path.ChangeExtension(file, ".msg")).Expect(0).Output,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(subject, Gateway.Delivered(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_strangers_mail_to_a_foreign_domain_is_refused() =>
        Assert.Contains("550 relay not permitted", Gateway.Send("someone@foreign.example", "x", "x").All, StringComparison.Ordinal);

    [Fact]
    public void A_recipient_that_the_host_behind_does_not_know_is_refused() =>
        Assert.Contains("550 no such recipient", Gateway.Send("unknown@example.org", "x", "x").All, StringComparison.Ordinal);

    [Fact]
    public void Through_the_load_balancer_the_log_shows_the_clients_address()
    {
        var subject = $"balanced {Guid.NewGuid():N}";
        Gateway.Send("user@example.org", subject, "plain words", "10.77.0.150").Expect(0);
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        Assert.Matches(@"<= sender@client\.example H=\(?client\.lab\.example\)? \[10\.77\.0\.130\].* PRX=10\.77\.0\.150", Gateway.Log());
    }

    [Fact]
    public void A_forged_proxy_header_from_elsewhere_changes_nothing()
    {
        // Each command waits for the answer before, as Exim demands.
        string[] commands =
        [
            "PROXY TCP4 203.0.113.9 10.77.0.121 1 25",
            "EHLO forged.example",
            "MAIL FROM:<forged@client.example>",
            "RCPT TO:<someone@foreign.example>",
            "QUIT",
        ];
        var dialogue = string.Concat(commands.Select(c => $"sleep 0.7; printf '{c}\\r\\n'; "));
        var said = Lab.Shell(Gateway.Client, $"{{ {dialogue}}} | timeout 20 nc {Gateway.Address} 25").Output;
        Assert.Contains("500 ", said, StringComparison.Ordinal);
        Assert.Contains("550 relay not permitted", said, StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.9]", Gateway.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public void While_a_scanner_is_down_mail_is_put_off_and_verify_says_so()
    {
        Lab.Exec(Gateway.Name, "systemctl", "stop", "rspamd").Expect(0);
        try
        {
            Assert.Contains("451 ", Gateway.Send("user@example.org", "unscanned", "plain words").All, StringComparison.Ordinal);
        }
        finally
        {
            Lab.Exec(Gateway.Name, "systemctl", "start", "rspamd").Expect(0);
        }

        Gateway.Run("verify").Expect(0);
    }

    [Fact]
    public void More_messages_than_the_limit_of_a_domain_are_put_off()
    {
        var replies = Enumerable
            .Range(0, 30)
            .Select(i => Gateway.Send("user@limited.example.org", $"many {i}", "plain words").All)
            .ToArray();
        Assert.Contains("250 OK", replies[0], StringComparison.Ordinal);
        Assert.Contains(replies, r => r.Contains("451 ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_submission_port_takes_mail_of_the_relay_networks_over_tls_only()
    {
        var stranger = Gateway.Send("user@example.org", "x", "x", Gateway.Address, "--port", "587").All;
        Assert.DoesNotContain("250 OK id", stranger, StringComparison.Ordinal);
    }
}

using System.Text.RegularExpressions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Whose mail is taken, signed and handed on, and under which address.</summary>
[Collection(GatewayStories.Name)]
public sealed class RelayingTests
{
    // Written apart, so that no scanner takes this file for what it tests.
    private static readonly string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    [Fact]
    public void Rights_come_from_the_PROXY_header_alone_and_recipients_from_the_list()
    {
        const string before = "  relay_networks: [10.77.0.224/28]\n  postmaster: postmaster@example.org\n  recipient_check: callout\n";
        const string domain = "    - {domain: xn--mnchen-3ya.example, destination: \"10.77.0.140:25\"}\n";
        Lab.Write(
            Gateway.Name,
            "/etc/recipients",
            "user@example.org\n\"john smith@example.org\"\n*@six.example.org\n*@xn--mnchen-3ya.example\n",
            "0600"
        );
        Gateway.Edit(
            before,
            domain
                + before
                    .Replace("10.77.0.224/28", "10.77.0.144/28", StringComparison.Ordinal)
                    .Replace("callout", "list\n  recipient_list: /etc/recipients", StringComparison.Ordinal)
        );

        // Exim's own user cannot read the list, which is found before anything changes.
        var refused = Gateway.Apply();
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("recipient list", refused.All, StringComparison.Ordinal);
        Lab.Shell(Gateway.Name, "chgrp Debian-exim /etc/recipients && chmod 640 /etc/recipients").Expect(0);
        Gateway.Apply().Expect(0);
        try
        {
            // The balancer, 10.77.0.150, lies in the relay network 10.77.0.144/28.
            Assert.Contains("550 relay not permitted", Balanced("203.0.113.42", "someone@foreign.example"), StringComparison.Ordinal);
            Assert.Contains("550 relay not permitted", Balanced("127.0.0.1", "someone@foreign.example"), StringComparison.Ordinal);
            Assert.Contains("550 relay not permitted", Balanced("10.77.0.150", "someone@foreign.example"), StringComparison.Ordinal);
            Assert.Contains(
                "550 this port is for the networks",
                Balanced("203.0.113.42", "someone@foreign.example", "--port", "587"),
                StringComparison.Ordinal
            );
            Assert.Contains("250 Accepted", Balanced("10.77.0.151", "someone@foreign.example"), StringComparison.Ordinal);
            var local = Lab.Exec(
                Gateway.Name,
                ["exim4", "-bh", "127.0.0.1"],
                "EHLO localhost\r\nMAIL FROM:<root@example.org>\r\nRCPT TO:<someone@foreign.example>\r\nQUIT\r\n"
            );
            Assert.Contains("250 Accepted", local.Output, StringComparison.Ordinal);

            Assert.Contains("250 Accepted", Asked("user@example.org"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Asked("\"john smith\"@example.org"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Asked("anybody@six.example.org"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Asked("anybody@münchen.example"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Asked("anybody@MÜNCHEN.example"), StringComparison.Ordinal);
            foreach (
                var stranger in new[]
                {
                    "nobody@example.org",
                    "*@example.org",
                    "}{yes}{yes}}@example.org",
                    "${run{/bin/true}}@example.org",
                    "\"user@example.org{\"@limited.example.org",
                }
            )
                Assert.Contains("550 ", Asked(stranger), StringComparison.Ordinal);
        }
        finally
        {
            Gateway.Restore();
        }
    }

    [Fact]
    public void Only_mail_of_this_site_is_signed()
    {
        var (forged, own) = ($"forged {Guid.NewGuid():N}", $"own {Guid.NewGuid():N}");
        // Of a domain without an SPF record: a forgery that SPF shows is deferred by greylisting.
        Gateway.Send("user@example.org", forged, "words", Gateway.Address, "--from", "boss@limited.example.org").Expect(0);
        Lab.Exec(
                Gateway.Name,
                ["exim4", "-f", "boss@example.org", "user@example.org"],
                $"From: boss@example.org\nTo: user@example.org\nSubject: {own}\n\nwords\n"
            )
            .Expect(0);
        Assert.DoesNotContain("DKIM-Signature:", Arrived(forged), StringComparison.Ordinal);
        Assert.Contains("DKIM-Signature:", Arrived(own), StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_bounce_is_refused_and_the_rest_is_handed_on()
    {
        var subject = $"long {Guid.NewGuid():N}";
        Gateway
            .Send("user@example.org", subject, new string('x', 5000), Gateway.Address, "--add-header", $"X-Long: {new string('y', 3000)}")
            .Expect(0);
        Assert.Contains(new string('x', 5000), Arrived(subject), StringComparison.Ordinal);
        var loop = string.Concat(Enumerable.Repeat("Received: from a by b; Sun, 29 Nov 2026 20:00:00 +0000\\n", 101));
        Assert.Contains(
            "554",
            Gateway.Send("user@example.org", "x", "x", Gateway.Address, "--data", $"{loop}Subject: loop\\n\\nwords\\n").All,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_destination_that_refuses_the_gateway_is_not_taken_for_one_that_knows_nobody()
    {
        // On port 2526 the mail host refuses the null sender, which callouts use. The second answer would come from Exim's cache.
        Assert.Contains("250 Accepted", Asked("user@refused.example.org"), StringComparison.Ordinal);
        Assert.Contains("250 Accepted", Asked("other@refused.example.org"), StringComparison.Ordinal);
        Assert.Contains("451 ", Asked("policy@example.org"), StringComparison.Ordinal);
        Assert.Contains("550 no such recipient", Asked("unknown@example.org"), StringComparison.Ordinal);
    }

    [Fact]
    public void Destinations_of_every_temper_and_block_lists_get_the_right_answer()
    {
        Gateway.Edit(
            "  relay_networks:",
            "    - {domain: greets.example.org, destination: \"10.77.0.140:2527\"}\n    - {domain: ascii.example.org, destination: "
                + "\"10.77.0.140:2528\"}\n    - {domain: away.example.org, destination: \"10.77.0.141:25\"}\n  block_lists: "
                + "[bl.lab.example]\n  relay_networks:"
        );
        Gateway.Apply().Expect(0);
        try
        {
            // Whoever has no word for a gateway has said nothing about its recipients, and one that is away will be back.
            Assert.DoesNotContain("550 no such recipient", Asked("user@greets.example.org"), StringComparison.Ordinal);
            Assert.DoesNotContain("\n<** 5", Asked("user@away.example.org"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Asked("user@ascii.example.org"), StringComparison.Ordinal);
            Assert.Contains("\n<** 550", Asked("grüße@ascii.example.org"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Asked("grüße@example.org"), StringComparison.Ordinal);

            // 203.0.113.66 is on the list of the lab.
            Assert.Contains("listed", Balanced("203.0.113.66", "user@example.org"), StringComparison.Ordinal);
            Assert.Contains("250 Accepted", Balanced("203.0.113.67", "user@example.org"), StringComparison.Ordinal);
        }
        finally
        {
            Gateway.Restore();
        }
    }

    [Fact]
    public void A_release_is_signed_only_where_the_message_was_this_sites_own()
    {
        var (forged, own) = ($"forged {Guid.NewGuid():N}", $"own {Guid.NewGuid():N}");
        Release(Gateway.Send("user@example.org", forged, Gtube, Gateway.Address, "--from", "boss@limited.example.org").Expect(0).Output);
        Release(
            Lab.Exec(
                    Gateway.Balancer,
                    [
                        "swaks",
                        "--server",
                        Gateway.Address,
                        "--helo",
                        "client.lab.example",
                        "--from",
                        "boss@example.org",
                        "--to",
                        "user@example.org",
                        "--header",
                        $"Subject: {own}",
                        "--body",
                        Gtube,
                        "--proxy-version",
                        "1",
                        "--proxy-family",
                        "TCP4",
                        "--proxy-source",
                        "10.77.0.225",
                        "--proxy-source-port",
                        "4000",
                        "--proxy-dest",
                        Gateway.Address,
                        "--proxy-dest-port",
                        "25",
                    ]
                )
                .Expect(0)
                .Output
        );
        Assert.DoesNotContain("DKIM-Signature:", Arrived(forged), StringComparison.Ordinal);
        Assert.Contains("DKIM-Signature:", Arrived(own), StringComparison.Ordinal);
    }

    [Fact]
    public void A_balancers_checks_leave_no_line_in_the_log_also_where_its_address_has_no_name()
    {
        using (Lab.WithoutDns("150.0.77.10.in-addr.arpa"))
        {
            var before = Gateway.Log().Length;
            // As long as three of its checks take.
            Thread.Sleep(TimeSpan.FromSeconds(8));
            Assert.DoesNotContain("10.77.0.150", Gateway.Log()[before..], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\"john smith\"@example.org")]
    [InlineData("\"a\\\"b\"@example.org")]
    [InlineData("a/b@example.org")]
    [InlineData("grüße@example.org")]
    public void Whatever_the_recipient_is_called_the_quarantine_keeps_and_releases_it(string recipient)
    {
        var subject = $"kept {Guid.NewGuid():N}";
        var id = $"1/{Regex.Match(Gateway.Send(recipient, subject, Gtube).Expect(0).Output, "id=(\\S+)").Groups[1].Value}";
        Lab.Until("quarantine", TimeSpan.FromSeconds(20), () => Gateway.Run("quarantine", "show", id).ExitCode == 0);
        Assert.Contains(recipient, Gateway.Run("quarantine", "show", id).Expect(0).Output, StringComparison.Ordinal);
        Gateway.Run("quarantine", "release", id).Expect(0);
        Assert.Contains($"Envelope-to: {recipient}", Arrived(subject), StringComparison.Ordinal);
        Gateway.Run("quarantine", "release", id, "--again", "--to", recipient).Expect(0);
    }

    [Fact]
    public void What_an_interrupted_scan_left_is_removed_and_what_is_being_scanned_is_not()
    {
        Lab.Shell(
                Gateway.Name,
                "cd /var/spool/exim4 && mkdir -p scan/old scan/new && touch scan/old/old.eml scan/new/new.eml input/old-D input/kept-D "
                    + "input/kept-H && touch -d '11 minutes ago' scan/old/old.eml scan/old && touch -d '2 days ago' input/*-[DH]"
            )
            .Expect(0);
        Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-scan-cleanup.service").Expect(0);
        Assert.Equal(
            "input/kept-D\ninput/kept-H\nscan/new\nscan/new/new.eml\n",
            Lab.Shell(
                    Gateway.Name,
                    "cd /var/spool/exim4 && find scan input -mindepth 1 -name '*old*' -o -name '*new*' -o -name 'kept-*' | sort && rm -rf "
                        + "scan/new input/kept-*"
                )
                .Expect(0)
                .Output
        );
    }

    private static void Release(string dialogue)
    {
        var id = $"1/{Regex.Match(dialogue, "id=(\\S+)").Groups[1].Value}";
        Lab.Until("quarantine", TimeSpan.FromSeconds(20), () => Gateway.Run("quarantine", "show", id).ExitCode == 0);
        Gateway.Run("quarantine", "release", id).Expect(0);
    }

    private static string Asked(string recipient) => Gateway.Send(recipient, "x", "x", Gateway.Address, "--quit-after", "RCPT").All;

    private static string Balanced(string client, string recipient, params string[] more) =>
        Lab.Exec(
            Gateway.Balancer,
            [
                "swaks",
                "--server",
                Gateway.Address,
                "--helo",
                "client.lab.example",
                "--from",
                "sender@client.example",
                "--to",
                recipient,
                "--quit-after",
                "RCPT",
                "--proxy-version",
                "1",
                "--proxy-family",
                "TCP4",
                "--proxy-source",
                client,
                "--proxy-source-port",
                "4000",
                "--proxy-dest",
                Gateway.Address,
                "--proxy-dest-port",
                "25",
                .. more,
            ]
        ).All;

    // The one message of a subject that the mail host has filed.
    private static string Arrived(string subject)
    {
        string? Find() =>
            Regex
                .Split(Gateway.Delivered(), "^From ", RegexOptions.Multiline)
                .LastOrDefault(m => m.Contains($"Subject: {subject}", StringComparison.Ordinal));
        Lab.Until($"delivery of '{subject}'", TimeSpan.FromSeconds(20), () => Find() is not null);
        return Find()!;
    }
}

using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class ScannerTests(Gateway gateway)
{
    // Written apart, so that no scanner takes this file for what it tests.
    private static readonly string Eicar = @"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

    [Fact]
    public void Verification_passes_again_with_greylisting_and_a_limit_and_leaves_no_history()
    {
        Gateway.Edit("greylisting: false", "greylisting: true");
        Gateway.Apply().Expect(0);
        Gateway.Run("verify").Expect(0);
        var rows = JsonDocument.Parse(Web("/history")).RootElement.GetProperty("rows").EnumerateArray();
        Assert.DoesNotContain(
            rows,
            r =>
                r.GetRawText().Contains("gatehouse-verify", StringComparison.Ordinal)
                || r.GetRawText().Contains("verify@localhost", StringComparison.Ordinal)
        );
        var scanned = Scanned();
        Gateway.Run("verify").Expect(0);
        // rspamd recognises GTUBE before any rule can exempt it.
        Assert.InRange(Scanned() - scanned, 0, 1);
        Gateway.Restore();
    }

    [Fact]
    public void The_web_interface_cannot_store_scores_over_the_answers()
    {
        var before = Web("/actions");
        Assert.Contains("403 Forbidden", Web("/saveactions", "[9,7,5,4]"), StringComparison.Ordinal);
        Assert.Equal(before, Web("/actions"));
        Gateway.Run("drift").Expect(0);
        Lab.Write(Gateway.Name, "/var/lib/rspamd/rspamd_dynamic", "{}");
        Assert.Contains("/var/lib/rspamd/rspamd_dynamic", Gateway.Run("drift").Expect(1).Output, StringComparison.Ordinal);
        Gateway.Apply().Expect(0);
        Assert.NotEqual(0, Lab.Exec(Gateway.Name, "test", "-e", "/var/lib/rspamd/rspamd_dynamic").ExitCode);
    }

    [Fact]
    public void A_message_between_the_two_scores_is_tagged_whatever_rspamds_own_files_say()
    {
        Lab.Write(Gateway.Name, "/etc/rspamd/override.d/actions.conf", "reject = 2;\nrewrite_subject = 1;\n");
        try
        {
            Lab.Exec(Gateway.Name, "systemctl", "reload", "rspamd").Expect(0);
            // Without date, identity and recipient in its header, from a name that is none.
            var subject = $"bulk {Guid.NewGuid():N}";
            var line = Judged(
                $"From: x <sender@client.example>\r\nSubject: {subject}\r\nX-Spam: yes\r\n\r\nwords\r\n",
                "bulk@client.example"
            );
            Assert.Matches("verdict=spam score=[0-9.]+ action=tagged", line);
            Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        }
        finally
        {
            Lab.Shell(Gateway.Name, "rm -f /etc/rspamd/override.d/actions.conf && systemctl reload rspamd").Expect(0);
        }
    }

    [Fact]
    public void A_virus_behind_more_than_the_message_size_limit_is_found()
    {
        var hidden = Zip(("zero", new byte[150 << 20]), ("e.com", Encoding.ASCII.GetBytes(Eicar)));
        Assert.Matches("verdict=virus .*action=quarantined .*scanned=clamav symbols=- reason=Eicar", Judged(Message("hidden", hidden)));
    }

    [Fact]
    public void What_cannot_be_scanned_completely_is_kept_and_never_called_clean()
    {
        var nested = Zip(("e.com", Encoding.ASCII.GetBytes(Eicar)));
        for (var i = 0; i < 25; i++)
            nested = Zip(($"n{i}.zip", nested));
        Assert.Matches(
            "verdict=unscanned .*action=quarantined .*reason=Heuristics.Limits.Exceeded.MaxRecursion",
            Judged(Message("nested", nested), "nested@client.example")
        );
    }

    [Fact]
    public void An_encrypted_archive_is_delivered_and_its_header_says_so()
    {
        var archive = Zip(("secret.txt", Encoding.ASCII.GetBytes("nobody can read this")));
        // The flag of an encrypted entry, in the local header and in the directory behind it.
        archive[6] |= 1;
        archive[archive.AsSpan().IndexOf("PK\u0001\u0002"u8) + 8] |= 1;
        Assert.Matches(
            "verdict=unscanned .*action=tagged .*scanned=clamav,rspamd .*reason=Heuristics.Encrypted.Zip",
            Judged(Message("encrypted", archive))
        );
        Lab.Until(
            "delivery",
            TimeSpan.FromSeconds(20),
            () =>
                Gateway
                    .Delivered()
                    .Contains(
                        "X-LAB-Scanned: by mx1.lab.example, not scanned completely (Heuristics.Encrypted.Zip)",
                        StringComparison.Ordinal
                    )
        );
    }

    [Fact]
    public void A_message_larger_than_the_spam_scanner_reads_is_delivered_and_marked()
    {
        var line = new string('A', 76) + "\r\n";
        var text = Message("large", [], new StringBuilder().Insert(0, line, (52 << 20) / line.Length).ToString());
        Assert.Matches(
            "verdict=unscanned score=0 action=delivered size=5[0-9]{7} scanned=clamav symbols=- reason=larger than",
            Judged(text)
        );
        Lab.Until(
            "delivery",
            TimeSpan.FromSeconds(60),
            () =>
                Lab.Exec(
                    Gateway.Sink,
                    "grep",
                    "-c",
                    "X-LAB-Scanned: by mx1.lab.example, not scanned completely (larger",
                    "/var/mail/sink"
                ).ExitCode == 0
        );
        Lab.Shell(Gateway.Sink, "truncate -s 0 /var/mail/sink").Expect(0);
    }

    [Fact]
    public void Learning_says_what_rspamd_learned_and_not_what_it_accepted()
    {
        var gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n";
        Assert.Contains("learned nothing", Learned(gtube, "high-spam"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_strangers_own_verdict_is_taken_out_and_the_journal_has_ours()
    {
        var subject = $"forged {Guid.NewGuid():N}";
        Gateway.Send("user@example.org", subject, "plain words", Gateway.Address, "--header", "X-LAB-Scanned: by somebody, clean");
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        Assert.DoesNotContain("by somebody", Gateway.Delivered(), StringComparison.Ordinal);
        Assert.Matches(
            "exim.*: \\S+ gatehouse: verdict=clean score=[0-9.-]+ action=delivered size=[0-9]+ scanned=clamav,rspamd symbols=\\S+ "
                + "reason=none",
            Lab.Exec(Gateway.Name, "journalctl", "-u", "exim4", "--no-pager", "-n", "200").Expect(0).Output
        );
    }

    [Fact]
    public void What_a_stranger_says_in_the_name_of_scanners_does_not_reach_the_mail_host()
    {
        var subject = $"forged {Guid.NewGuid():N}";
        Gateway.Send(
            "user@example.org",
            subject,
            "plain words",
            Gateway.Address,
            "--header",
            "Authentication-Results: mx1.lab.example; spf=pass",
            "--header",
            "X-Spam-Status: No, forged",
            "--header",
            "x-spam-level: forged"
        );
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        var message = Gateway.Delivered();
        message = message[message.IndexOf(subject, StringComparison.Ordinal)..];
        Assert.DoesNotContain("Authentication-Results", message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("forged", message[subject.Length..], StringComparison.Ordinal);
    }

    [Fact]
    public void The_web_interface_answers_HEAD_names_what_a_page_may_load_and_takes_its_time_over_a_wrong_password()
    {
        var head = Lab.Exec(
                Gateway.Client,
                ["curl", "-skI", "--max-time", "10", "--config", "-"],
                $"user = \"admin:{gateway.Password}\"\nurl = \"https://{Gateway.Address}/\"\n"
            )
            .Expect(0)
            .Output;
        Assert.Contains(" 200", head.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("content-security-policy: default-src 'self'", head, StringComparison.OrdinalIgnoreCase);
        var guess = Lab.Exec(
                Gateway.Client,
                "curl",
                "-sk",
                "-u",
                "admin:wrong",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code} %{time_total}",
                $"https://{Gateway.Address}/"
            )
            .Expect(0)
            .Output.Split(' ');
        Assert.Equal("401", guess[0]);
        Assert.InRange(double.Parse(guess[1], System.Globalization.CultureInfo.InvariantCulture), 0.9, 60);
    }

    [Fact]
    public void On_a_kernel_without_IPv6_nginx_is_given_no_IPv6_address()
    {
        var plan = Lab.Exec(
            Gateway.Name,
            "systemd-run",
            "--wait",
            "--pipe",
            "-q",
            "-p",
            "RestrictAddressFamilies=~AF_INET6",
            "gatehouse",
            "plan",
            "--diff",
            Gateway.Answers
        );
        Assert.Contains("-\tlisten [::]:443 ssl http2 default_server;", plan.All, StringComparison.Ordinal);
    }

    // Has a message kept and learned; what the command says.
    private static string Learned(string text, string verdict)
    {
        var line = Judged(Message("learn", [], text));
        Assert.Contains($"verdict={verdict} ", line, StringComparison.Ordinal);
        var id = line.Split(' ')[2];
        Lab.Until("quarantine", TimeSpan.FromSeconds(20), () => Gateway.Run("quarantine", "show", $"1/{id}").ExitCode == 0);
        return Gateway.Run("quarantine", "learn", "spam", $"1/{id}").All;
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    private static string Message(string name, byte[] attachment, string text = "see attached\r\n") =>
        $"From: sender@client.example\r\nTo: user@example.org\r\nSubject: {name}\r\nDate: {DateTimeOffset.UtcNow:r}\r\nMessage-ID: "
        + $"<{Guid.NewGuid():N}@client.example>\r\n"
        + $"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"bb\"\r\n\r\n--bb\r\nContent-Type: "
        + $"text/plain\r\n\r\n{text}\r\n--bb\r\n"
        + $"Content-Type: application/octet-stream; name=\"{name}.zip\"\r\nContent-Disposition: attachment; "
        + $"filename=\"{name}.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + Convert.ToBase64String(attachment, Base64FormattingOptions.InsertLineBreaks)
        + "\r\n--bb--\r\n";

    // Sends a message; the line that the gateway logs about it.
    // Greylisting defers a sender for minutes after a message that scores high, so such messages have a sender of their own.
    private static string Judged(string message, string sender = "sender@client.example")
    {
        var before = Lines();
        Lab.Write(Gateway.Client, "/root/message.eml", message);
        Lab.Exec(
                Gateway.Client,
                "curl",
                "-s",
                "--max-time",
                "240",
                $"smtp://{Gateway.Address}/client.lab.example",
                "--mail-from",
                sender,
                "--mail-rcpt",
                "user@example.org",
                "--upload-file",
                "/root/message.eml"
            )
            .Expect(0);
        return Lines()[before.Length..].Single();
    }

    private static string[] Lines() =>
        [.. Gateway.Log().Split('\n').Where(l => l.Contains(" gatehouse: verdict=", StringComparison.Ordinal))];

    private int Scanned() => JsonDocument.Parse(Web("/stat")).RootElement.GetProperty("scanned").GetInt32();

    private string Web(string path, string? body = null) =>
        Lab.Exec(
                Gateway.Client,
                ["curl", "-sk", "--max-time", "10", "--config", "-"],
                $"user = \"admin:{gateway.Password}\"\nurl = "
                    + $"\"https://{Gateway.Address}{path}\"\n{(body is null ? "" : $"data = \"{body}\"\n")}"
            )
            .Expect(0)
            .Output;
}

using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>What an administrator needs of a gateway without a cluster: where a message is, what waits and why, how the host is, and a way
/// back after its loss.</summary>
[Collection(GatewayStories.Name)]
public sealed class StandaloneStories(Gateway gateway)
{
    // Written apart, so that no scanner takes this file for what it tests.
    private static readonly string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    [Fact]
    public void A_message_is_found_followed_through_its_release_and_kept_apart_from_a_forgery()
    {
        gateway.FirstApply.Expect(0);
        var mark = Guid.NewGuid().ToString("N");
        var id = Quarantined(mark, $"<{mark}@client.example>");
        Lab.Shell(Gateway.Name, $"SUDO_USER=alice gatehouse quarantine release {id}").Expect(0);
        Lab.Until(
            "delivery of the release",
            TimeSpan.FromSeconds(20),
            () => Gateway.Delivered().Contains($"caught {mark}", StringComparison.Ordinal)
        );
        // Somebody else sends a message under the same Message-ID.
        Gateway
            .Send("user@example.org", $"forged {mark}", "plain words", Gateway.Address, "--header", $"Message-Id: <{mark}@client.example>")
            .Expect(0);
        Lab.Until(
            "delivery of the forgery",
            TimeSpan.FromSeconds(20),
            () => Gateway.Delivered().Contains($"forged {mark}", StringComparison.Ordinal)
        );

        var trail = Gateway.Run("logs", "--id", id).Expect(0).Output;
        Assert.Contains("T=quarantine_store", trail, StringComparison.Ordinal);
        Assert.Contains("P=gatehouse-release", trail, StringComparison.Ordinal);
        Assert.Contains("~ ", trail, StringComparison.Ordinal);
        Assert.All(
            trail.Split('\n').Where(l => l.Contains("P=gatehouse-release", StringComparison.Ordinal)),
            l => Assert.False(l.StartsWith('~'))
        );
        var released = trail.Split('\n').First(l => l.Contains("P=gatehouse-release", StringComparison.Ordinal)).Split(' ')[4];
        Assert.Contains("T=quarantine_store", Gateway.Run("logs", "--id", released).Expect(0).Output, StringComparison.Ordinal);

        var summary = Gateway
            .Run("logs", "--sender", "sender@client", "--recipient", "USER@example.org", "--since", "10m", "--summary")
            .Expect(0)
            .Output;
        Assert.Contains(
            summary.Split('\n'),
            l => l.Contains(id[2..], StringComparison.Ordinal) && l.EndsWith("quarantined", StringComparison.Ordinal)
        );
        Assert.Contains(
            summary.Split('\n'),
            l => l.Contains(released, StringComparison.Ordinal) && l.EndsWith("delivered", StringComparison.Ordinal)
        );
        Gateway.Send("someone@foreign.example", "x", "x");
        Assert.Contains(
            "relay not permitted",
            Gateway.Run("logs", "--recipient", "someone@foreign.example", "--since", "5m").Expect(0).Output,
            StringComparison.Ordinal
        );
        Gateway.Run("logs", "--recipient", "nobody-ever@example.org").Expect(1);

        var message = Messages("quarantine", "list", "--json").First(m => m.GetProperty("id").GetString() == id);
        Assert.Equal(("released", "alice"), (message.GetProperty("state").GetString(), message.GetProperty("person").GetString()));
        Assert.Contains(
            "State:     released by alice at ",
            Gateway.Run("quarantine", "show", id, "--body").Expect(0).Output,
            StringComparison.Ordinal
        );
        Lab.Exec(Gateway.Name, "rm", "-f", "/root/saved.eml").Expect(0);
        Gateway.Run("quarantine", "show", id, "--save", "/root/saved.eml").Expect(0);
        Assert.Equal("600", Lab.Exec(Gateway.Name, "stat", "-c", "%a", "/root/saved.eml").Output.Trim());
        Gateway.Run("quarantine", "show", id, "--save", "/root/saved.eml").Expect(1);
        Gateway.Run("quarantine", "delete", id).Expect(0);
        Assert.Contains("was deleted here by ", Gateway.Run("quarantine", "show", id).Expect(3).All, StringComparison.Ordinal);
    }

    [Fact]
    public void What_waits_is_listed_explained_held_retried_and_removed()
    {
        var mark = Guid.NewGuid().ToString("N");
        Lab.Exec(Gateway.Sink, "systemctl", "stop", "exim4").Expect(0);
        try
        {
            Gateway.Send("user@six.example.org", $"waits {mark}", "plain words").Expect(0);
            Gateway.Send("gone@six.example.org", $"removed {mark}", "plain words").Expect(0);
            Lab.Until(
                "both wait",
                TimeSpan.FromSeconds(20),
                () =>
                    Gateway.Run("queue", "why", "--domain", "six.example.org").Output is var why
                    && why.Contains("Connection refused", StringComparison.Ordinal)
                    && why.Contains("gone@six.example.org: ", StringComparison.Ordinal)
            );
            var queue = Messages("queue", "list", "--domain", "six.example.org", "--json");
            Assert.Equal(2, queue.Length);
            var id = queue.First(m => m.GetProperty("waiting")[0].GetString() == "user@six.example.org").GetProperty("id").GetString()!;
            Assert.Contains($"Subject: waits {mark}", Gateway.Run("queue", "show", id).Expect(0).Output, StringComparison.Ordinal);

            Gateway.Run("queue", "hold", id).Expect(0);
            Assert.Contains("on hold", Gateway.Run("queue", "list").Expect(0).Output, StringComparison.Ordinal);
            Assert.Contains(", 1 on hold", Gateway.Run("status").Output, StringComparison.Ordinal);
            Gateway.Run("queue", "release", id).Expect(0);
            Gateway.Run("queue", "retry", id).Expect(1);

            Gateway.Run("queue", "remove").Expect(2);
            Gateway.Run("queue", "remove", "--recipient", "gone@").Expect(3);
            Gateway.Run("queue", "remove", "--recipient", "gone@", "--yes").Expect(0);
            Lab.Exec(Gateway.Sink, "systemctl", "start", "exim4").Expect(0);
            Gateway.Run("queue", "retry", "--domain", "six.example.org").Expect(0);
            Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains($"waits {mark}", StringComparison.Ordinal));
            Assert.DoesNotContain($"removed {mark}", Gateway.Delivered(), StringComparison.Ordinal);
            Gateway.Run("queue", "show", id).Expect(1);
        }
        finally
        {
            Lab.Exec(Gateway.Sink, "systemctl", "start", "exim4");
        }
    }

    // What fails is verified a second time after half a minute, and all of it twice.
    [Fact]
    [Trait("Lane", "slow")]
    public void The_postmaster_hears_once_that_something_is_wrong_and_once_that_it_is_well()
    {
        Lab.Exec(Gateway.Name, "systemctl", "is-active", "gatehouse-watch.timer").Expect(0);
        var before = Failures();
        Lab.Exec(Gateway.Name, "hostname", "broken").Expect(0);
        try
        {
            Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-watch.service").Expect(0);
            Lab.Until("the bad news", TimeSpan.FromSeconds(20), () => Failures() > before);
            Assert.Contains(
                "verification failed: host: host name",
                Lab.Exec(Gateway.Name, "journalctl", "-u", "gatehouse-watch", "-p", "err", "--no-pager").Output,
                StringComparison.Ordinal
            );
            var status = JsonDocument.Parse(Gateway.Run("status", "--json").Expect(1).Output).RootElement;
            Assert.False(status.GetProperty("verify").GetProperty("healthy").GetBoolean());
        }
        finally
        {
            Lab.Exec(Gateway.Name, "hostname", "-F", "/etc/hostname").Expect(0);
        }

        Lab.Exec(Gateway.Name, "systemctl", "start", "gatehouse-watch.service").Expect(0);
        Lab.Until(
            "the good news",
            TimeSpan.FromSeconds(20),
            () => Gateway.Delivered().Contains("everything works again", StringComparison.Ordinal)
        );
        Assert.Equal(before + 1, Failures());

        var well = JsonDocument.Parse(Gateway.Run("status", "--json").Output).RootElement;
        Assert.True(well.GetProperty("verify").GetProperty("healthy").GetBoolean());
        Assert.All(well.GetProperty("services").EnumerateArray(), s => Assert.True(s.GetProperty("active").GetBoolean(), s.ToString()));
        Assert.Contains("gatehouse_verify_failures 0\n", Gateway.Run("status", "--prometheus").Output, StringComparison.Ordinal);
        Assert.Contains("gatehouse_queue_messages ", Gateway.Run("status", "--prometheus").Output, StringComparison.Ordinal);

        static int Failures() =>
            Gateway
                .Delivered()
                .Split('\n')
                .Count(l =>
                    l.StartsWith("Subject:", StringComparison.Ordinal)
                    && l.Contains("a verification of the mail gateway fails", StringComparison.Ordinal)
                );
    }

    [Fact]
    public void A_gateway_that_was_lost_comes_back_from_its_backup_with_its_keys_and_its_quarantine()
    {
        var mark = Guid.NewGuid().ToString("N");
        var id = Quarantined(mark, $"<{mark}@client.example>");
        Lab.Write(Gateway.Name, "/root/passphrase", "correct horse battery\n", "0600");
        Lab.Exec(Gateway.Name, "rm", "-f", "/root/gw.backup").Expect(0);
        // As the logs name it.
        Gateway.Run("quarantine", "show", id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..]).Expect(0);
        Gateway.Run("backup", "/root/gw.backup", "--passphrase-file", "/root/passphrase", "--with-quarantine").Expect(0);
        Assert.Equal("600", Lab.Exec(Gateway.Name, "stat", "-c", "%a", "/root/gw.backup").Output.Trim());
        Lab.Exec(Gateway.Name, "grep", "-c", gateway.Password, "/root/gw.backup").Expect(1);
        Assert.Contains(
            "/root/web-password",
            Gateway.Run("restore", "/root/gw.backup", "--check", "--passphrase-file", "/root/passphrase").Expect(0).Output,
            StringComparison.Ordinal
        );
        Lab.Shell(
                Gateway.Name,
                "cp /root/gw.backup /root/bad.backup && printf X | dd of=/root/bad.backup bs=1 seek=2000 conv=notrunc status=none"
            )
            .Expect(0);
        Gateway.Run("restore", "/root/bad.backup", "--yes", "--passphrase-file", "/root/passphrase").Expect(2);

        const string Keys =
            "sha256sum /etc/exim4/gatehouse/dkim.key /etc/gatehouse/pki/mta.key /etc/gatehouse/pki/mta.crt "
            + "/etc/gatehouse/secrets/redis-password /etc/gatehouse/secrets/controller-password /etc/gatehouse/dkim/*.txt "
            + "/root/web-password";
        var before = Lab.Shell(Gateway.Name, Keys).Expect(0).Output;
        Lab.Shell(
                Gateway.Name,
                "rm -rf /etc/gatehouse /etc/exim4/gatehouse /etc/exim4/exim4.conf /var/spool/gatehouse /root/web-password /root/history "
                    + "&& mv /var/lib/gatehouse /root/history"
            )
            .Expect(0);
        Gateway.Run("restore", "/root/gw.backup", "--yes", "--passphrase-file", "/root/passphrase").Expect(0);
        Assert.Equal(before, Lab.Shell(Gateway.Name, Keys).Expect(0).Output);
        Assert.Contains(Messages("quarantine", "list", "--json"), m => m.GetProperty("id").GetString() == id);
        Gateway.Run("quarantine", "release", id).Expect(0);
        Lab.Until(
            "delivery of the release",
            TimeSpan.FromSeconds(20),
            () => Gateway.Delivered().Contains($"caught {mark}", StringComparison.Ordinal)
        );
        // Other stories ask for what was before Gatehouse, which a history that begins here does not know.
        Lab.Shell(Gateway.Name, "rm -rf /var/lib/gatehouse && mv /root/history /var/lib/gatehouse").Expect(0);
    }

    private static string Quarantined(string mark, string messageId)
    {
        Gateway.Send("user@example.org", $"caught {mark}", Gtube, Gateway.Address, "--header", $"Message-Id: {messageId}").Expect(0);
        string? id = null;
        Lab.Until(
            "quarantine",
            TimeSpan.FromSeconds(20),
            () =>
                (
                    id = Messages("quarantine", "list", "--json")
                        .Where(m => m.GetProperty("subject").GetString() == $"caught {mark}")
                        .Select(m => m.GetProperty("id").GetString())
                        .FirstOrDefault()
                )
                    is not null
        );
        return id!;
    }

    private static JsonElement[] Messages(params string[] command) =>
        [.. JsonDocument.Parse(Gateway.Run(command).Expect(0).Output).RootElement.GetProperty("messages").EnumerateArray()];
}

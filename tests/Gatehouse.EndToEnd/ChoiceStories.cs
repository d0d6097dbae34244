using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Answers as users have them: what is printed for a new gateway, and every value of every choice; each is applied, verified, and
/// tried with mail.</summary>
[Collection(NewcomerStories.Name)]
[Trait("Lane", "slow")]
public sealed class ChoiceStories
{
    // Written apart, so that no scanner takes this file for what it tests.
    private static readonly string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-" + "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
    private static readonly string Eicar = @"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

    // Only a cluster can have these.
    private static readonly string[] Clustered =
    [
        "scanner.quarantine_shared: \"built-in\"",
        "mta.certificate: \"cluster\"",
        "web.certificate: \"cluster\"",
    ];

    [Fact]
    public void What_new_prints_with_only_the_blanks_filled_in_is_a_gateway()
    {
        var printed = Lab.Exec(Newcomer.Name, "gatehouse", "new").Expect(0).Output;
        const string blanks =
            "system:\n  name: n1.lab.example\nmta:\n  domains:\n    - {domain: example.org, destination: \"10.77.0.197:25\"}\n  "
            + "postmaster: postmaster@example.org\n";
        Assert.Contains("and verified", Newcomer.Apply(Example.Change(printed, blanks)).Output, StringComparison.Ordinal);
        var subject = $"new {Guid.NewGuid():N}";
        Newcomer.Forget();
        Newcomer.Send(Newcomer.Stranger, "user@example.org", subject, "plain words").Expect(0);
        Assert.Contains("X-GATEHOUSE-Scanned: by n1.lab.example, clean", Newcomer.Arrived(subject), StringComparison.Ordinal);
        Assert.Contains("550 ", Newcomer.Send(Newcomer.Stranger, "unknown@example.org", subject, "x").All, StringComparison.Ordinal);
        Assert.Contains("550 ", Newcomer.Send(Newcomer.Stranger, "user@foreign.example", subject, "x").All, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_value_of_every_choice_is_applied_and_takes_mail() => Try(Pairs.Each);

    [Fact]
    public void Every_pair_of_values_of_two_choices_is_applied_and_takes_mail() => Try(Pairs.All);

    private static void Try(Func<IReadOnlyList<Choice>, IReadOnlyList<IReadOnlyList<string>>> cover)
    {
        Lab.Shell(
                Newcomer.Name,
                "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=n1.lab.example -addext "
                    + "subjectAltName=DNS:n1.lab.example,DNS:gateway.example.org -keyout /root/own.key -out /root/own.crt 2>/dev/null"
            )
            .Expect(0);
        // The group that reads the list comes with Exim.
        if (Lab.Exec(Newcomer.Name, "getent", "group", "Debian-exim").ExitCode != 0)
            Newcomer.Apply(Example.For("choices.yaml"));
        Lab.Shell(
                Newcomer.Name,
                "printf 'user@example.org\\n' >/etc/gatehouse-recipients; chgrp Debian-exim /etc/gatehouse-recipients; chmod 640 "
                    + "/etc/gatehouse-recipients"
            )
            .Expect(0);
        // What is shared between nodes is a mount.
        Lab.Shell(
                Newcomer.Name,
                "mkdir -p /var/spool/gatehouse/quarantine; mountpoint -q /var/spool/gatehouse/quarantine || mount -t tmpfs -o mode=777 "
                    + "quarantine /var/spool/gatehouse/quarantine"
            )
            .Expect(0);
        var choices = Possible();
        foreach (var set in cover(choices))
        {
            var changes = Pairs.Changes(choices, set);
            try
            {
                // Where the set before was the same, there is nothing to do.
                Assert.Matches("verified|Nothing to do", Newcomer.Apply(Example.Change(Example.For("choices.yaml"), changes)).Output);
                Lab.Exec(Newcomer.Name, "gatehouse", "verify").Expect(0);
                Newcomer.Forget();
                TryMail(choices.Zip(set).ToDictionary(c => c.First.Key, c => c.Second.Trim('"')));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"with\n{changes}{failure.Message}", failure);
            }
        }
    }

    // The choices as 'check' leaves them on a gateway of its own. All are looked at in one go.
    private static IReadOnlyList<Choice> Possible()
    {
        using var schema = JsonDocument.Parse(Lab.Exec(Newcomer.Name, "gatehouse", "schema").Expect(0).Output);
        var choices = Pairs.Choices(schema.RootElement, "scanner", "mta", "web");
        var single = choices.SelectMany(c => c.Values.Select(v => (c.Key, Value: v))).ToArray();
        Lab.Exec(Newcomer.Name, "rm", "-rf", "/root/choices").Expect(0);
        var script = string.Concat(
            single.Select(
                (s, i) =>
                {
                    var answers = Example.Change(Example.For("choices.yaml"), Pairs.Changes([new Choice(s.Key, [])], [s.Value]));
                    return $"cat >/root/choices/{i} <<'END'\n{answers}\nEND\n"
                        + $"gatehouse check /root/choices/{i} </dev/null >/dev/null 2>&1 || echo {i}\n";
                }
            )
        );
        var refused = Lab.Exec(Newcomer.Name, ["sh", "-c", "umask 077; mkdir -p /root/choices; sh"], script)
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(i => single[int.Parse(i, System.Globalization.CultureInfo.InvariantCulture)])
            .ToHashSet();
        Assert.Equal(Clustered.Order(StringComparer.Ordinal), refused.Select(r => $"{r.Key}: {r.Value}").Order(StringComparer.Ordinal));
        return [.. choices.Select(c => c with { Values = [.. c.Values.Where(v => !refused.Contains((c.Key, v)))] })];
    }

    private static void TryMail(Dictionary<string, string> answers)
    {
        string[] tls = answers["mta.tls_policy"] == "required" ? ["--tls"] : [];
        var subject = $"choice {Guid.NewGuid():N}";
        Newcomer.Send(Newcomer.Stranger, "user@example.org", $"stranger {subject}", "plain words", tls).Expect(0);
        var verdict = answers["scanner.virus_scanner"] == "clamav" ? "clean" : "not spam; not scanned for viruses";
        Assert.Contains(
            $"X-EXAMPLE-Scanned: by n1.lab.example, {verdict}",
            Newcomer.Arrived($"stranger {subject}"),
            StringComparison.Ordinal
        );
        Assert.Contains("550 ", Newcomer.Send(Newcomer.Stranger, "user@foreign.example", subject, "x", tls).All, StringComparison.Ordinal);
        if (answers["mta.recipient_check"] != "none")
            Assert.Contains(
                "550 ",
                Newcomer.Send(Newcomer.Stranger, "unknown@example.org", subject, "x", tls).All,
                StringComparison.Ordinal
            );
        if (tls.Length > 0)
            Assert.Contains("550 ", Newcomer.Send(Newcomer.Stranger, "user@example.org", subject, "x").All, StringComparison.Ordinal);

        Caught(answers["scanner.high_spam_action"], $"spam {subject}", Gtube, tls);
        if (answers["scanner.virus_scanner"] == "clamav")
            Caught(answers["scanner.virus_action"], $"virus {subject}", Eicar, tls);
        else
            Newcomer.Send(Newcomer.Stranger, "user@example.org", $"virus {subject}", Eicar, tls).Expect(0);

        Newcomer.Send(Newcomer.Relay, "user@foreign.example", $"relay {subject}", "plain words").Expect(0);
        Assert.Contains("X-EXAMPLE-Scanned: ", Newcomer.Arrived($"relay {subject}"), StringComparison.Ordinal);
        foreach (var port in new[] { "587", "465" })
        {
            string[] handIn = ["--timeout", "5", "--port", port, port == "465" ? "--tls-on-connect" : "--tls"];
            var isOpen = answers["mta.submission_ports"].Contains(port, StringComparison.Ordinal);
            var handed = Newcomer.Send(Newcomer.Relay, "user@foreign.example", $"port {port} {subject}", "words", handIn);
            Assert.True(isOpen == (handed.ExitCode == 0), handed.All);
            if (isOpen)
                Assert.DoesNotContain(
                    "250 OK id",
                    Newcomer.Send(Newcomer.Stranger, "user@example.org", subject, "x", handIn).All,
                    StringComparison.Ordinal
                );
        }

        var old = Lab.Shell(Newcomer.Client, $"openssl s_client -connect {Newcomer.Address}:25 -starttls smtp -tls1_2 </dev/null");
        Assert.Equal(answers["mta.tls_minimum"] == "1.2", old.All.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal));
    }

    private static void Caught(string action, string subject, string pattern, string[] tls)
    {
        var said = Newcomer.Send(Newcomer.Stranger, "user@example.org", subject, pattern, tls).All;
        Assert.Equal(action != "reject", said.Contains("250 OK id", StringComparison.Ordinal));
        if (action == "tag")
            Assert.Contains("X-Spam-Flag: YES", Newcomer.Arrived(subject), StringComparison.Ordinal);
        if (action == "quarantine")
            Lab.Until(
                $"'{subject}' in quarantine",
                TimeSpan.FromSeconds(30),
                () => Lab.Shell(Newcomer.Name, $"grep -rlF 'subject: {subject}' /var/spool/gatehouse/quarantine").ExitCode == 0
            );
    }
}

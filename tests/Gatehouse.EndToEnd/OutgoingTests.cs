using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(GatewayStories.Name)]
public sealed class OutgoingTests
{
    [Fact]
    public void Outgoing_mail_is_signed_and_handed_to_the_smart_host_with_its_password()
    {
        // Every character that has a meaning somewhere between the answer file and the wire.
        const string password = "p^a:s$s \"w\\o{r}d' #1";
        Lab.Write(Gateway.Name, "/root/smart-host", password, "0600");
        Lab.Write(Gateway.Sink, "/etc/exim4/password", password, "0644");
        Gateway.Edit(
            "  submission_ports: [587]",
            "  submission_ports: [587]\n  smart_host: 10.77.0.140:25\n  smart_host_user: gate^way $user\n  smart_host_password: {file: "
                + "/root/smart-host}"
        );
        Gateway.Apply().Expect(0);
        var subject = $"outgoing {Guid.NewGuid():N}";
        Lab.Exec(
                Gateway.Name,
                ["exim4", "-f", "user@example.org", "someone@foreign.example"],
                $"From: user@example.org\nTo: someone@foreign.example\nSubject: {subject}\n\nwords\n"
            )
            .Expect(0);
        Lab.Until(
            "delivery through the smart host",
            TimeSpan.FromSeconds(20),
            () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal)
        );
        var mail = Gateway.Delivered();
        Assert.Contains("DKIM-Signature:", mail, StringComparison.Ordinal);
        Assert.Matches(@"d=example\.org\s*;\s*s=gatehouse\s*;", mail);
        Assert.Contains("A=plain:gate^way $user", Lab.Exec(Gateway.Sink, "cat", "/var/log/exim4/mainlog").Output, StringComparison.Ordinal);
        Gateway.Restore();
    }

    [Fact]
    public void The_dns_record_of_the_signing_key_is_shown_and_kept()
    {
        var record = Lab.Exec(Gateway.Name, "cat", "/etc/gatehouse/dkim/gatehouse.txt").Expect(0).Output;
        Assert.Contains("gatehouse._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; \" \"p=MII", record, StringComparison.Ordinal);
        // The published half belongs to the key that signs.
        var own = record.Split('\n').First(l => l.Contains("_domainkey.example.org.", StringComparison.Ordinal));
        var published = string.Concat(own.Split('"').Where((_, i) => i % 2 == 1)).Split("p=")[1];
        var expected = Lab.Shell(Gateway.Name, "openssl pkey -in /etc/exim4/gatehouse/dkim.key -pubout -outform DER | base64 -w0")
            .Expect(0)
            .Output;
        Assert.Equal(expected.Trim(), published);
    }

    [Fact]
    public void Mail_for_the_postmaster_of_the_gateway_itself_reaches_a_person()
    {
        var subject = $"for the postmaster {Guid.NewGuid():N}";
        Gateway.Send("postmaster@mx1.lab.example", subject, "words").Expect(0);
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        Assert.Contains("Envelope-to: postmaster@example.org", Gateway.Delivered(), StringComparison.Ordinal);
    }
}

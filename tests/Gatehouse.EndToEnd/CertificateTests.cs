using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Certificates of the administrator's own, as other products leave them.</summary>
[Collection(GatewayStories.Name)]
public sealed class CertificateTests
{
    [Fact]
    public void One_file_with_text_certificate_and_key_is_served_at_once_and_its_key_stays_secret()
    {
        // As 'openssl pkcs12 -nodes' writes it: key and certificate in one file, with text around them.
        Make("-newkey rsa:2048");
        Lab.Shell(
                Gateway.Name,
                "cd /root && { printf 'Bag Attributes\\n    friendlyName: mx\\n'; cat own.key; printf 'subject=CN = mx1\\n'; cat own.crt; "
                    + "} > both.pem && chmod 600 both.pem"
            )
            .Expect(0);
        Use("/root/both.pem", "/root/both.pem");
        Gateway.Apply().Expect(0);
        Assert.Equal(
            Fingerprint("openssl x509 -in /root/own.crt"),
            Fingerprint($"openssl s_client -connect {Gateway.Address}:25 -starttls smtp </dev/null 2>/dev/null | openssl x509")
        );
        Assert.Equal("0", Lab.Shell(Gateway.Name, "grep -c 'PRIVATE KEY' /etc/gatehouse/pki/mta.crt || true").Output.Trim());
        // Nothing is found; what nobody may read is no match either, though grep calls it an error.
        Assert.InRange(Lab.Shell(Gateway.Name, "runuser -u nobody -- grep -rqs 'PRIVATE KEY' /etc/gatehouse /etc/exim4").ExitCode, 1, 2);

        // The TLS library of Exim does not know this curve: refused, and the old one is still served.
        Make("-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1");
        Use("/root/own.crt", "/root/own.key");
        Assert.Contains("on a curve that mail servers do not accept", Gateway.Apply().Expect(2).All, StringComparison.Ordinal);

        // What was the administrator's is not kept as one that was made here.
        Gateway.Restore();
        Assert.NotEqual(Fingerprint("openssl x509 -in /root/both.pem"), Fingerprint("openssl x509 -in /etc/gatehouse/pki/mta.crt"));
    }

    [Fact]
    public void A_key_that_signed_elsewhere_goes_on_signing_with_its_record()
    {
        Lab.Shell(Gateway.Name, "openssl genpkey -algorithm ed25519 -out /root/dkim.pem && chmod 600 /root/dkim.pem").Expect(0);
        Gateway.Edit(
            "  dkim_domains: [example.org, limited.example.org]",
            "  dkim_domains: [example.org, limited.example.org]\n  dkim_key_file: /root/dkim.pem"
        );
        Gateway.Apply().Expect(0);
        var published = Lab.Shell(Gateway.Name, "openssl pkey -in /root/dkim.pem -pubout -outform DER | tail -c 32 | base64 -w0")
            .Expect(0)
            .Output;
        Assert.Contains(
            $"v=DKIM1; k=ed25519; \" \"p={published}\"",
            Lab.Exec(Gateway.Name, "cat", "/etc/gatehouse/dkim/gatehouse.txt").Expect(0).Output,
            StringComparison.Ordinal
        );
        var subject = $"signed {Guid.NewGuid():N}";
        Lab.Exec(
                Gateway.Name,
                ["exim4", "-f", "user@example.org", "user@example.org"],
                $"From: user@example.org\nTo: user@example.org\nSubject: {subject}\n\nwords\n"
            )
            .Expect(0);
        Lab.Until("delivery", TimeSpan.FromSeconds(20), () => Gateway.Delivered().Contains(subject, StringComparison.Ordinal));
        Assert.Contains("a=ed25519-sha256", Gateway.Delivered(), StringComparison.Ordinal);

        // The key in use is of another kind than one that would be made here, and is kept all the same.
        Gateway.Restore();
        Assert.Contains(
            $"p={published}",
            Lab.Exec(Gateway.Name, "cat", "/etc/gatehouse/dkim/gatehouse.txt").Expect(0).Output,
            StringComparison.Ordinal
        );
        Lab.Exec(Gateway.Name, "rm", "/etc/exim4/gatehouse/dkim.key").Expect(0);
        Gateway.Restore();
    }

    private static void Make(string key) =>
        Lab.Shell(
                Gateway.Name,
                $"openssl req -x509 {key} -nodes -days 90 -subj /CN=mx1.lab.example -addext subjectAltName=DNS:mx1.lab.example -keyout "
                    + $"/root/own.key -out /root/own.crt 2>/dev/null && chmod 600 /root/own.key"
            )
            .Expect(0);

    private static void Use(string certificate, string key) =>
        Gateway.Edit(
            "  submission_ports: [587]",
            $"  submission_ports: [587]\n  certificate: own\n  certificate_file: {certificate}\n  key_file: {key}"
        );

    private static string Fingerprint(string certificate) =>
        Lab.Shell(Gateway.Name, $"{certificate} | openssl x509 -noout -fingerprint -sha256").Expect(0).Output.Trim();
}

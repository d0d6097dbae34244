using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>A member that was away until its certificate had ended is one again by itself, the issuer too, whose registry nobody trusts
/// until then.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ExpiryTests
{
    private const string InForce = "/etc/gatehouse/pki";
    private const string Staged = "/var/lib/gatehouse/cluster/pki";

    [Theory]
    [InlineData(ClusterHosts.Second, 2)]
    [InlineData(ClusterHosts.First, 1)]
    public void A_member_whose_certificate_has_ended_gets_the_next_one_by_itself(string host, int number)
    {
        // The agents go on after a change of the time zone, and judge by the same time as before.
        Beginning.ChangeZone(ClusterHosts.First, number == 1 ? "Pacific/Auckland" : "America/Los_Angeles").Expect(0);
        End(host, number);
        Lab.Until("there is another", TimeSpan.FromMinutes(4), () => NotAfter(host) > DateTimeOffset.UtcNow.AddDays(80));
        Lab.Until(
            "all is well again",
            TimeSpan.FromMinutes(2),
            () => ClusterHosts.IsWell(ClusterHosts.First) && ClusterHosts.IsWell(ClusterHosts.Second)
        );
        Lab.Exec(host, "gatehouse", "verify").Expect(0);
        // The issuer files its own once the registry lets it in again.
        Lab.Until(
            "it is on file",
            TimeSpan.FromMinutes(2),
            () =>
                NotAfter(host).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)
                == Sql($"SELECT extract(epoch FROM max(not_after))::bigint FROM gatehouse.certificates WHERE node = {number}")
        );
    }

    // The same certificate again with half a minute to live, everywhere where the node has it, and the last one by the registry.
    private static void End(string host, int number)
    {
        using var leaf = X509Certificate2.CreateFromPem(Read(host, $"{InForce}/node.crt"));
        using var authority = X509Certificate2.CreateFromPem(
            Read(ClusterHosts.First, $"{Staged}/issuer.crt"),
            Read(ClusterHosts.First, $"{Staged}/issuer.key")
        );
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(leaf.SubjectName, key, HashAlgorithmName.SHA256);
        foreach (var extension in leaf.Extensions.Where(e => e.Oid?.Value is not "2.5.29.14"))
            request.CertificateExtensions.Add(extension);
        var end = DateTimeOffset.UtcNow.AddSeconds(30);
        using var brief = request.Create(authority, end.AddMinutes(-1), end, [0x5a, .. RandomNumberGenerator.GetBytes(15)]);
        var pem = $"{brief.ExportCertificatePem()}\n{authority.ExportCertificatePem()}\n";
        // Nothing is renewed in between.
        using var still = Lab.Start(host, "flock", $"{Staged}/lock", "cat");
        foreach (var folder in new[] { InForce, Staged })
        {
            Lab.Exec(host, ["sh", "-c", $"cat > {folder}/node.key"], key.ExportPkcs8PrivateKeyPem() + "\n").Expect(0);
            Lab.Exec(host, ["sh", "-c", $"cat > {folder}/node.crt"], pem).Expect(0);
        }

        Sql($"UPDATE gatehouse.certificates SET not_before = now() - interval '1 day', not_after = now() WHERE node = {number}");
        Sql(
            $"INSERT INTO gatehouse.certificates (serial, node, key_hash, pem, not_before, not_after) VALUES "
                + $"('{Convert.ToHexStringLower(brief.SerialNumberBytes.Span)}', {number}, repeat('0', 64), 'x', now() - interval '1 "
                + $"minute', to_timestamp({end.ToUnixTimeSeconds()}))"
        );
        Lab.Until("it has ended", TimeSpan.FromMinutes(1), () => DateTimeOffset.UtcNow > end);
        still.StandardInput.Close();
        still.WaitForExit(TimeSpan.FromSeconds(10));
    }

    private static DateTimeOffset NotAfter(string host)
    {
        using var certificate = X509Certificate2.CreateFromPem(Read(host, $"{InForce}/node.crt"));
        return certificate.NotAfter;
    }

    private static string Read(string host, string path) => Lab.Exec(host, "cat", path).Expect(0).Output;

    private static string Sql(string statement) =>
        Lab.Exec(ClusterHosts.First, "su", "postgres", "-c", $"psql -XAtqd gatehouse -c \"{statement}\"").Expect(0).Output.Trim();
}

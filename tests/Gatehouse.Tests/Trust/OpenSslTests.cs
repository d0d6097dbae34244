using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>OpenSSL, which PostgreSQL and most services verify with, comes to the same answers.</summary>
public sealed class OpenSslTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-trust-").FullName;
    private readonly SampleCluster cluster = new();
    private readonly X509Certificate2 leaf;

    public OpenSslTests() => leaf = cluster.Certificate();

    public void Dispose() => Directory.Delete(directory, true);

    [Theory]
    [InlineData("sslserver")]
    [InlineData("sslclient")]
    public void A_chain_with_both_lists_verifies(string purpose)
    {
        var (code, output) = Verify(cluster.Lists(), purpose);
        Assert.True(code == 0, output);
    }

    [Fact]
    public void A_revoked_node_does_not_verify()
    {
        var (code, output) = Verify(cluster.Lists(nodes: [SerialNumber.Of(leaf)]), "sslclient");
        Assert.NotEqual(0, code);
        Assert.Contains("certificate revoked", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_revoked_issuing_CA_does_not_verify()
    {
        var (code, output) = Verify(cluster.Lists(issuers: [SerialNumber.Of(cluster.Issuing.Certificate)]), "sslclient");
        Assert.NotEqual(0, code);
        Assert.Contains("certificate revoked", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_verifies()
    {
        using var key = SampleCluster.Key();
        var file = Write("node.csr", SigningRequest.Make(key));
        var (code, output) = Run("req", "-verify", "-noout", "-in", file);
        Assert.True(code == 0, output);
    }

    private (int Code, string Output) Verify(string lists, string purpose) =>
        Run(
            "verify",
            "-x509_strict",
            "-crl_check_all",
            "-purpose",
            purpose,
            "-verify_hostname",
            "mx2.example.org",
            "-attime",
            $"{SampleCluster.Now.ToUnixTimeSeconds()}",
            "-CAfile",
            Write("roots.pem", cluster.RootPem + lists),
            "-untrusted",
            Write("issuing.pem", cluster.Issuing.Certificate.ExportCertificatePem()),
            Write("leaf.pem", leaf.ExportCertificatePem())
        );

    private string Write(string name, string content)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.Result + error.Result);
    }
}

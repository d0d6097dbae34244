using System.Security.Cryptography;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

public sealed class DkimKeyTests
{
    // RFC 8463, appendix A.2: the private key as PKCS#8, and the record that belongs to it.
    internal const string Ed25519 =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    private const string Record = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    [Fact]
    public void An_Ed25519_key_keeps_its_record()
    {
        var key = DkimKey.Read("Key Attributes: <No Attributes>\n" + Ed25519, out _)!;
        Assert.Equal(("ed25519", Record), (key.Kind, key.Record));
        Assert.Equal(Ed25519.TrimEnd(), key.Pem.Reveal());
    }

    [Fact]
    public void An_RSA_key_in_either_form_keeps_its_record()
    {
        using var rsa = RSA.Create(2048);
        var record = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo());
        Assert.Equal(("rsa", record), Known(rsa.ExportPkcs8PrivateKeyPem()));
        Assert.Equal(("rsa", record), Known(rsa.ExportRSAPrivateKeyPem()));
    }

    [Fact]
    public void What_cannot_sign_is_named()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var small = RSA.Create(512);
        Assert.Contains("neither RSA nor Ed25519", Problem(curve.ExportPkcs8PrivateKeyPem()), StringComparison.Ordinal);
        Assert.Contains("512 bits", Problem(small.ExportPkcs8PrivateKeyPem()), StringComparison.Ordinal);
        Assert.Contains("no private key", Problem("v=DKIM1; k=rsa; p=abc"), StringComparison.Ordinal);
        Assert.Contains("more than one", Problem(Ed25519 + Ed25519), StringComparison.Ordinal);
    }

    private static (string Kind, string Record) Known(string pem) => DkimKey.Read(pem, out _) is { } key ? (key.Kind, key.Record) : default;

    private static string Problem(string text)
    {
        Assert.Null(DkimKey.Read(text, out var problem));
        return problem;
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>Of a request only the key is taken, and only with proof.</summary>
public sealed class SigningRequestTests
{
    private readonly ECDsa key = SampleCluster.Key();

    [Fact]
    public void A_request_gives_its_key()
    {
        var request = SigningRequest.Make(key);
        Assert.True(SigningRequest.Judge(Encoding.ASCII.GetBytes(request), out var taken, out var problem), problem);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), taken.ExportSubjectPublicKeyInfo());
        Assert.True(SigningRequest.Judge(Request().CreateSigningRequest(), out _, out _));
    }

    [Fact]
    public void Whatever_else_it_asks_for_does_not_reach_the_certificate()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("mx1.example.org");
        names.AddDnsName("*.example.org");
        names.AddIpAddress(IPAddress.Parse("192.0.2.1"));
        names.AddUri(new Uri($"urn:gatehouse:{SampleCluster.Id}:issuer:99"));
        var request = Request("CN=mx1.example.org, O=admins");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.OtherRequestAttributes.Add(new AsnEncodedData("1.2.840.113549.1.9.7", [0x0C, 1, 65]));
        Assert.True(SigningRequest.Judge(request.CreateSigningRequest(), out var taken, out _));

        var cluster = new SampleCluster();
        var leaf = cluster.Issuing.MakeNode(cluster.Node(), taken, SampleCluster.Serial(), SampleCluster.Now);
        Assert.Equal("CN=mx2.example.org, O=Example mail", leaf.Subject);
        Assert.Equal(
            ["mx2.example.org", "mx2", "localhost"],
            leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames()
        );
        Assert.Equal(cluster.Node(), cluster.Judge(leaf).Identity);
        Assert.False(leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(6, leaf.Extensions.Count);
    }

    [Fact]
    public void Keys_of_other_kinds_are_refused()
    {
        using var rsa = RSA.Create(1024);
        using var large = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var weak = new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        var other = new CertificateRequest("CN=x", large, HashAlgorithmName.SHA256).CreateSigningRequest();
        Assert.Contains("another kind than P-256", Problem(weak), StringComparison.Ordinal);
        Assert.Contains("another kind than P-256", Problem(other), StringComparison.Ordinal);
        Assert.Contains(
            "not a P-256 key",
            Assert.Throws<TrustException>(() => SigningRequest.Make(large)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Another_hash_than_SHA_256_is_refused() =>
        Assert.Contains(
            "SHA-256",
            Problem(new CertificateRequest("CN=x", key, HashAlgorithmName.SHA384).CreateSigningRequest()),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_request_without_the_private_key_is_refused()
    {
        using var mine = SampleCluster.Key();
        // Somebody else's public key, signed with mine.
        var stolen = new CertificateRequest(
            new X500DistinguishedName("CN=x"),
            new PublicKey(key),
            HashAlgorithmName.SHA256
        ).CreateSigningRequest(X509SignatureGenerator.CreateForECDsa(mine));
        Assert.Contains("is not signed by the key in it", Problem(stolen), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flipped_bit_is_refused_with_a_reason()
    {
        var request = Request().CreateSigningRequest();
        for (var bit = 0; bit < request.Length * 8; bit++)
        {
            var flipped = request.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(
                !SigningRequest.Judge(flipped, out _, out var problem) && problem.Length > 0,
                $"bit {bit} {Convert.ToHexString(request)}"
            );
        }
    }

    [Fact]
    public void Garbage_of_any_size_is_refused()
    {
        var large = new byte[1 << 20];
        RandomNumberGenerator.Fill(large);
        Assert.Contains("has 1048576 bytes, more than 8192", Problem(large), StringComparison.Ordinal);
        Assert.Contains("not a PKCS#10", Problem([]), StringComparison.Ordinal);
        Assert.Contains("not a PKCS#10", Problem([.. Request().CreateSigningRequest(), 0]), StringComparison.Ordinal);
        Assert.Contains(
            "label CERTIFICATE REQUEST",
            Problem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"u8),
            StringComparison.Ordinal
        );
        Assert.Contains("label CERTIFICATE REQUEST", Problem("-----BEGIN CERTIFICATE REQUEST-----\nA"u8), StringComparison.Ordinal);
        Assert.NotEmpty(Problem("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"u8));
        // Deep nesting.
        Assert.NotEmpty(Problem([.. Enumerable.Repeat((byte)0x30, 8000)]));
    }

    [Fact]
    public void Any_bytes_in_any_place_are_refused_with_a_reason()
    {
        var request = Request().CreateSigningRequest();
        var change = Gen.Choose(0, request.Length - 1).Zip(Gen.Choose(0, 255));
        Prop.ForAll(
                change.ArrayOf(3).ToArbitrary(),
                changes =>
                {
                    var bytes = request.ToArray();
                    foreach (var (index, value) in changes)
                        bytes[index] = (byte)value;
                    return bytes.SequenceEqual(request) || Problem(bytes).Length > 0;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private CertificateRequest Request(string subject = "CN=x") => new(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);

    private static string Problem(ReadOnlySpan<byte> request)
    {
        Assert.False(SigningRequest.Judge(request, out var key, out var problem));
        Assert.Null(key);
        return problem;
    }
}

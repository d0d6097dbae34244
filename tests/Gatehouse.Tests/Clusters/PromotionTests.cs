using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Issuing;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;
using Gatehouse.Terminal;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class PromotionTests
{
    private static readonly Candidate Fit = new(true, false, false);
    private static readonly NewTrust Trust = NewTrust.Make("post", "db1.example.org", IPAddress.Parse("192.0.2.1"), SampleView.Now);

    [Fact]
    public void A_backend_is_promoted_when_the_issuer_is_silent_or_by_force()
    {
        Assert.Null(PromotionRules.Refusal(SampleView.Make(), 3, Fit, force: false));
        Assert.Contains(
            "--force",
            PromotionRules.Refusal(SampleView.Make(), 3, Fit with { OldAnswers = true }, force: false),
            StringComparison.Ordinal
        );
        Assert.Null(PromotionRules.Refusal(SampleView.Make(), 3, Fit with { OldAnswers = true }, force: true));
    }

    [Theory]
    [InlineData(2, "backend, database, full")]
    [InlineData(4, "no active member")]
    [InlineData(5, "no active member")]
    [InlineData(9, "no active member")]
    public void Who_cannot_hold_the_registry_or_is_no_member_is_refused_by_force_too(int number, string said) =>
        Assert.Contains(said, PromotionRules.Refusal(SampleView.Make(), number, Fit, force: true), StringComparison.Ordinal);

    [Fact]
    public void Without_the_encryption_key_nobody_is_promoted() =>
        Assert.Contains(
            "encryption key",
            PromotionRules.Refusal(SampleView.Make(), 3, Fit with { HasEncryptionKey = false }, force: true),
            StringComparison.Ordinal
        );

    [Fact]
    public void The_issuer_is_promoted_anew_only_when_its_key_is_lost()
    {
        Assert.Contains(
            "already",
            PromotionRules.Refusal(SampleView.Make(issuer: 3), 3, Fit with { HasIssuingKey = true }, force: true),
            StringComparison.Ordinal
        );
        Assert.Null(PromotionRules.Refusal(SampleView.Make(issuer: 3), 3, Fit, force: false));
    }

    [Fact]
    public void A_new_issuing_ca_is_signed_only_with_the_right_token()
    {
        var other = MasterToken.Make(RandomNumberGenerator.GetBytes(MasterToken.RandomBytes));
        var refused = Assert.Throws<SequenceException>(() => RootAuthority.Open(Root(), other, Trust.ClusterId));
        Assert.Equal(ExitCodes.Refused, refused.Code);
        Assert.DoesNotContain(other.Text.Reveal(), refused.Message, StringComparison.Ordinal);
        using var root = RootAuthority.Open(Root(), Trust.MasterToken, Trust.ClusterId);
        var (record, key) = root.MakeIssuing(SampleView.Now);
        using var issuer = Issuer.Of(record.Pem, new Secret(key), TimeProvider.System);
        Assert.Equal(record.Fingerprint, Issuer.FingerprintOf(issuer.Certificate));
    }

    [Fact]
    public void Revoking_the_old_ca_keeps_the_new_one_and_what_was_revoked_before()
    {
        using var root = RootAuthority.Open(Root(), Trust.MasterToken, Trust.ClusterId);
        var old = Issuing(Trust.Issuing, AuthorityState.Retired);
        var (second, _) = root.MakeIssuing(SampleView.Now);
        var (third, _) = root.MakeIssuing(SampleView.Now);
        var once = root.Revoke(root.FirstList(SampleView.Now), [Root(), old, second], second.Fingerprint, SampleView.Now);
        var twice = root.Revoke(once, [Root(), second, third], third.Fingerprint, SampleView.Now);
        Assert.Equal((2, 3), (once.Number, twice.Number));
        Assert.Equal([Serial(old)], Revoked(once));
        Assert.Equal(new[] { Serial(old), Serial(second) }.Order(), Revoked(twice).Order());
        Assert.DoesNotContain(Serial(third), Revoked(twice));
    }

    [Fact]
    public void Members_without_a_certificate_of_the_new_ca_are_named()
    {
        var certificates = new[] { new CertificateRecord(1, Trust.Node, null, "") };
        Assert.Equal([2, 3, 5], PromotionRules.Behind(SampleView.Make(), certificates, Trust.Issuing).Select(n => n.Number));
        Assert.Equal(
            [1, 2, 3, 5],
            PromotionRules
                .Behind(SampleView.Make(), [certificates[0] with { Revoked = SampleView.Now }], Trust.Issuing)
                .Select(n => n.Number)
        );
        using var root = RootAuthority.Open(Root(), Trust.MasterToken, Trust.ClusterId);
        Assert.Equal(
            [1, 2, 3, 5],
            PromotionRules.Behind(SampleView.Make(), certificates, root.MakeIssuing(SampleView.Now).Record.Pem).Select(n => n.Number)
        );
    }

    [Fact]
    public void A_certificate_is_right_while_number_duty_and_ca_are()
    {
        using var certificate = X509Certificate2.CreateFromPem(Trust.Node.Pem);
        var issuing = certificate.IssuerName.RawData;
        Assert.True(NodeCertificate.IsRight(certificate, SampleView.Make(), 1, issuing, SampleView.Now));
        Assert.True(NodeCertificate.IsRight(certificate, SampleView.Make(), 1, [], SampleView.Now));
        // Another is the issuer now, a new epoch has begun, another CA signs, it is time.
        Assert.False(NodeCertificate.IsRight(certificate, SampleView.Make(2, 3), 1, issuing, SampleView.Now));
        Assert.False(NodeCertificate.IsRight(certificate, SampleView.Make(2, 1), 1, issuing, SampleView.Now));
        Assert.False(NodeCertificate.IsRight(certificate, SampleView.Make(), 1, certificate.SubjectName.RawData, SampleView.Now));
        Assert.False(NodeCertificate.IsRight(certificate, SampleView.Make(), 1, issuing, SampleView.Now.AddDays(61)));
    }

    [Theory]
    [InlineData("  GHMT-AAAA-BBBB \n", "GHMT-AAAA-BBBB")]
    [InlineData("# Cluster post (0123)\nMaster token:   GHMT-AAAA-BBBB\nEncryption key: GHEK-CCCC\n", "GHMT-AAAA-BBBB")]
    [InlineData("nothing of the kind", "nothing of the kind")]
    public void The_token_is_found_in_the_file_that_bootstrap_wrote(string text, string token) =>
        Assert.Equal(token, TokenInput.Pick(text));

    [Fact]
    public void A_list_names_only_what_its_ca_has_signed()
    {
        using var root = RootAuthority.Open(Root(), Trust.MasterToken, Trust.ClusterId);
        var (record, key) = root.MakeIssuing(SampleView.Now);
        using Issuer before = Issuer.Of(Trust.Issuing, new Secret(Trust.IssuingKey), TimeProvider.System),
            after = Issuer.Of(record.Pem, new Secret(key), TimeProvider.System);
        var revoked = new CertificateRecord(1, Trust.Node, SampleView.Now, "it left");
        Assert.Single(Revoked(before.Revoke(2, [revoked])));
        Assert.Empty(Revoked(after.Revoke(2, [revoked])));
        Assert.Empty(Revoked(before.Revoke(2, [revoked with { Revoked = null }])));
    }

    private static Authority Root()
    {
        using var certificate = X509Certificate2.CreateFromPem(Trust.Root);
        return new Authority(
            Issuer.FingerprintOf(certificate),
            AuthorityKind.Root,
            AuthorityState.Current,
            Trust.Root,
            Trust.SealedRootKey
        );
    }

    private static Authority Issuing(string pem, AuthorityState state)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return new Authority(Issuer.FingerprintOf(certificate), AuthorityKind.Issuing, state, pem, null);
    }

    private static string Serial(Authority authority)
    {
        using var certificate = X509Certificate2.CreateFromPem(authority.Pem);
        return SerialNumber.Of(certificate).Hex;
    }

    private static string[] Revoked(Gatehouse.Registry.RevocationList list) =>
        Gatehouse.Core.Trust.RevocationList.TryReadAll(list.Pem, out var lists, out _)
            ? [.. lists.Single().Revoked.Select(r => r.Serial.Hex)]
            : throw new InvalidDataException();
}

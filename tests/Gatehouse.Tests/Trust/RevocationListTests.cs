using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>Revocation lists come back as they were made, or not at all.</summary>
public sealed class RevocationListTests
{
    private readonly SampleCluster cluster = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300)]
    public void A_list_comes_back(int revoked)
    {
        var serials = Enumerable
            .Range(0, revoked)
            .Select(_ => new RevokedCertificate(SampleCluster.Serial(), SampleCluster.Now.AddDays(-1)))
            .ToArray();
        var made = cluster.Issuing.MakeRevocationList(70_000, serials, SampleCluster.Now);
        Assert.True(RevocationList.TryReadAll(made.Pem, out var lists, out _));
        var list = Assert.Single(lists);
        Assert.Equal(serials, list.Revoked);
        Assert.Equal(70_000, list.Number);
        Assert.Equal(cluster.Issuing.Certificate.SubjectName.RawData, list.Issuer.RawData);
        Assert.Equal((SampleCluster.Now.AddHours(-1), SampleCluster.Now.AddYears(5)), (list.ThisUpdate, list.NextUpdate));
        Assert.All(serials, s => Assert.True(list.Contains(s.Serial)));
        Assert.False(list.Contains(SampleCluster.Serial()));
        Assert.Equal(made.Pem, list.Pem);
    }

    [Fact]
    public void A_list_of_the_root_lasts_beyond_2050()
    {
        var old = new SampleCluster(made: new DateTimeOffset(2049, 12, 31, 0, 0, 0, TimeSpan.Zero));
        var list = old.Root.MakeRevocationList(
            1,
            [new(SampleCluster.Serial(), new DateTimeOffset(2051, 1, 1, 0, 0, 0, TimeSpan.Zero))],
            new DateTimeOffset(2051, 1, 1, 0, 0, 0, TimeSpan.Zero)
        );
        Assert.Equal(2069, list.NextUpdate.Year);
        Assert.Equal(2051, list.Revoked[0].Revoked.Year);
    }

    [Fact]
    public void A_list_is_signed_by_its_CA_and_no_other()
    {
        var list = cluster.Issuing.MakeRevocationList(1, [], SampleCluster.Now);
        Assert.True(list.IsSignedBy(cluster.Issuing.Certificate));
        Assert.False(list.IsSignedBy(cluster.Root.Certificate));
        Assert.False(list.IsSignedBy(cluster.MakeIssuing(SampleCluster.Now).Certificate));
        using var mine = SampleCluster.Key();
        var forged = Forged(mine);
        Assert.True(forged.IsOf(cluster.Issuing.Certificate));
        Assert.False(forged.IsSignedBy(cluster.Issuing.Certificate));
    }

    [Fact]
    public void Several_lists_are_read_from_one_text_with_other_things_in_it()
    {
        Assert.True(RevocationList.TryReadAll("# lists\n" + cluster.RootPem + cluster.Lists(), out var lists, out _));
        Assert.Equal(2, lists.Length);
        Assert.True(RevocationList.TryReadAll("", out var none, out _) && none.IsEmpty);
    }

    [Fact]
    public void A_text_that_is_cut_off_is_refused_and_not_taken_for_fewer_lists()
    {
        var pem = cluster.Lists();
        Assert.False(RevocationList.TryReadAll(pem[..^60], out var lists, out var problem));
        Assert.Empty(lists);
        Assert.Contains("cut off", problem, StringComparison.Ordinal);
        var one = pem[..pem.IndexOf("-----END", StringComparison.Ordinal)];
        Assert.False(RevocationList.TryReadAll(one, out _, out _));
    }

    [Fact]
    public void Any_change_is_refused_or_shows_in_the_signature()
    {
        var made = cluster.Issuing.MakeRevocationList(1, [new(SampleCluster.Serial(), SampleCluster.Now)], SampleCluster.Now);
        var der = Convert.FromBase64String(string.Concat(made.Pem.Split('\n').Where(l => !l.StartsWith('-'))));
        Prop.ForAll(
                Gen.Choose(0, (der.Length * 8) - 1).ToArbitrary(),
                bit =>
                {
                    var flipped = der.ToArray();
                    flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                    try
                    {
                        return !RevocationList.Read(flipped).IsSignedBy(cluster.Issuing.Certificate);
                    }
                    catch (TrustException e)
                    {
                        return e.Message.Length > 0;
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private RevocationList Forged(ECDsa mine) =>
        RevocationList.Read(
            new CertificateRevocationListBuilder().Build(
                cluster.Issuing.Certificate.SubjectName,
                X509SignatureGenerator.CreateForECDsa(mine),
                9,
                SampleCluster.Now.AddYears(1),
                HashAlgorithmName.SHA256,
                X509AuthorityKeyIdentifierExtension.CreateFromCertificate(cluster.Issuing.Certificate, true, false),
                SampleCluster.Now
            )
        );
}

using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>What is sealed opens with its key and under its name only.</summary>
public sealed class SealedTests
{
    private readonly EncryptionKey key = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes));
    private readonly MasterToken token = MasterToken.Make(RandomNumberGenerator.GetBytes(MasterToken.RandomBytes));

    private static byte[] Nonce => RandomNumberGenerator.GetBytes(Sealed.NonceBytes);

    [Fact]
    public void What_is_sealed_comes_back() =>
        Check(
            200,
            Prop.ForAll(
                Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(),
                content =>
                {
                    var text = Sealed.Seal(key, "redis.password", content, Nonce).ToString();
                    Assert.Matches("^gh1:[0-9A-Z]{6}:[0-9A-Za-z+/]+=*$", text);
                    Assert.True(Sealed.TryRead(text + "\n", out var read, out _));
                    Assert.Equal(key.Id, read.KeyId);
                    return read.TryOpen(key, "redis.password", out byte[] opened, out _) && opened.SequenceEqual(content);
                }
            )
        );

    [Fact]
    public void A_secret_comes_back_as_one()
    {
        var made = Sealed.Seal(key, "a", new Secret("pässword"), Nonce);
        Assert.True(made.TryOpen(key, "a", out Secret? secret, out _));
        Assert.Equal("pässword", secret.Reveal());
        Assert.False(made.TryOpen(key, "b", out Secret? none, out var problem));
        Assert.Null(none);
        Assert.Contains("another name than b", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flipped_bit_of_the_text_is_refused()
    {
        // Lengths that leave two, one and no filling character: filling bits must not be free to change.
        foreach (var length in new[] { 0, 1, 2, 30 })
        {
            var text = Encoding.ASCII.GetBytes(Sealed.Seal(key, "name", RandomNumberGenerator.GetBytes(length), Nonce).ToString());
            for (var bit = 0; bit < text.Length * 8; bit++)
            {
                var flipped = text.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                var opened =
                    Sealed.TryRead(Encoding.Latin1.GetString(flipped), out var read, out var problem)
                    && read.TryOpen(key, "name", out byte[] _, out problem);
                Assert.False(opened, Encoding.Latin1.GetString(flipped));
                Assert.NotEmpty(problem);
            }
        }
    }

    [Fact]
    public void Another_key_is_told_which_key_is_needed()
    {
        var other = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes));
        Assert.False(Sealed.Seal(key, "name", "x"u8, Nonce).TryOpen(other, "name", out byte[] _, out var problem));
        Assert.Equal($"is sealed with encryption key {key.Id}, not with {other.Id}; give key {key.Id}", problem);
    }

    [Fact]
    public void A_later_form_and_damage_are_told_apart()
    {
        Assert.False(Sealed.TryRead("gh2:ABCDEF:AAAA", out _, out var later));
        Assert.Contains("gh2", later, StringComparison.Ordinal);
        foreach (
            var text in new[]
            {
                "",
                "gh1",
                "gh1:ABCDEF:",
                "gh1:abcdef:AAAA",
                $"gh1:{key.Id}:AAAA",
                $"gh1:{key.Id}:****",
                "ghr1:ABCDEF:AAAA",
            }
        )
        {
            Assert.False(Sealed.TryRead(text, out _, out var problem));
            Assert.Contains("damaged", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_root_key_opens_with_the_master_token_and_nothing_else()
    {
        using var root = SampleCluster.Key();
        var text = SealedKey.Seal(root, SampleCluster.Id, token, RandomNumberGenerator.GetBytes(SealedKey.RandomBytes)).ToString();
        Assert.True(SealedKey.TryRead(text, out var read, out _));
        Assert.True(MasterToken.TryRead(token.Text.Reveal(), out var typed, out _));
        Assert.True(read.TryOpen(typed, SampleCluster.Id, out var opened, out _));
        using (opened)
            Assert.Equal(root.ExportPkcs8PrivateKey(), opened.ExportPkcs8PrivateKey());
        Assert.DoesNotContain(Convert.ToBase64String(root.ExportParameters(true).D!)[..20], text, StringComparison.Ordinal);

        var other = MasterToken.Make(RandomNumberGenerator.GetBytes(MasterToken.RandomBytes));
        Assert.False(read.TryOpen(other, SampleCluster.Id, out _, out var wrongToken));
        Assert.Contains($"opens with master token {token.Id}", wrongToken, StringComparison.Ordinal);
        Assert.False(read.TryOpen(token, SampleCluster.OtherId, out _, out var wrongCluster));
        Assert.Contains("another cluster", wrongCluster, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flipped_bit_of_the_sealed_root_key_is_refused()
    {
        using var root = SampleCluster.Key();
        var text = Encoding.ASCII.GetBytes(
            SealedKey.Seal(root, SampleCluster.Id, token, RandomNumberGenerator.GetBytes(SealedKey.RandomBytes)).ToString()
        );
        for (var bit = 0; bit < text.Length * 8; bit++)
        {
            var flipped = text.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var opened =
                SealedKey.TryRead(Encoding.Latin1.GetString(flipped), out var read, out var problem)
                && read.TryOpen(token, SampleCluster.Id, out _, out problem);
            Assert.False(opened);
            Assert.NotEmpty(problem);
        }
    }

    private static void Check(int times, Property property) => property.Check(Config.QuickThrowOnFailure.WithMaxTest(times));
}

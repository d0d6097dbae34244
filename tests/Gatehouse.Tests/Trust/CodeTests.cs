using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>What people type: join codes, master tokens, encryption keys.</summary>
public sealed class CodeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    // Every kind: how it is made, and how it is read. The reader gives the text again, or the problem.
    private static readonly (
        string Name,
        int Prefix,
        Func<byte[], string> Make,
        Func<string, (string? Text, string Problem)> Read
    )[] Kinds =
    [
        ("join code", 0, b => Code(b).Text.Reveal(), t => JoinCode.TryRead(t, out var c, out var p) ? (c.Text.Reveal(), p) : (null, p)),
        (
            "master token",
            5,
            b => MasterToken.Make(b.AsSpan(0, 20)).Text.Reveal(),
            t => MasterToken.TryRead(t, out var c, out var p) ? (c.Text.Reveal(), p) : (null, p)
        ),
        (
            "encryption key",
            5,
            b => EncryptionKey.Make(b).Text.Reveal(),
            t => EncryptionKey.TryRead(t, out var c, out var p) ? (c.Text.Reveal(), p) : (null, p)
        ),
    ];

    private static Arbitrary<byte[]> Random => Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(32).ToArbitrary();

    [Fact]
    public void Bytes_in_base_32_come_back() =>
        Check(
            300,
            Prop.ForAll(
                Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(),
                bytes => Base32.TryRead(Base32.Write(bytes), out var again) && again.SequenceEqual(bytes)
            )
        );

    [Fact]
    public void Base_32_is_Crockfords()
    {
        Assert.Equal("91JPRV3F", Base32.Write("Hello"u8));
        Assert.True(Base32.TryRead(" 9ijp-rV3f\t", out var bytes));
        Assert.Equal("Hello"u8, bytes);
        Assert.True(Base32.TryRead("oOi0", out bytes) && Base32.TryRead("0010", out var same) && bytes.SequenceEqual(same));
        Assert.Equal([0, 2], bytes);
        Assert.All(
            new[] { "U", "0U", "9", "01", "!!", "é0", "oOil", "\u212a0", "\u01310" },
            t => Assert.False(Base32.TryRead(t, out _), t)
        );
    }

    [Fact]
    public void Every_code_is_read_as_it_is_written_and_as_people_type_it()
    {
        foreach (var kind in Kinds)
        {
            Check(
                100,
                Prop.ForAll(
                    Random,
                    bytes =>
                    {
                        var text = kind.Make(bytes);
                        var look = text[kind.Prefix..].Replace('0', 'o').Replace('1', 'l');
                        string[] typed =
                        [
                            text,
                            text.ToLowerInvariant(),
                            text.Replace("-", " ", StringComparison.Ordinal),
                            text.Replace("-", "", StringComparison.Ordinal),
                            $" {text}\n",
                            text[..kind.Prefix] + look,
                            text.Replace('-', '\u2013'),
                            text[kind.Prefix..],
                        ];
                        Assert.All(typed, t => Assert.Equal((text, ""), kind.Read(t)));
                        return true;
                    }
                )
            );
        }
    }

    [Fact]
    public void Codes_have_the_groups_they_should()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        Assert.Matches("^([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{5}$", Kinds[0].Make(bytes));
        Assert.Matches("^GHMT(-[0-9A-HJKMNP-TV-Z]{5}){8}$", Kinds[1].Make(bytes));
        Assert.Matches("^GHEK(-[0-9A-HJKMNP-TV-Z]{5}){13}$", Kinds[2].Make(bytes));
    }

    [Fact]
    public void Every_wrong_character_is_found_and_its_group_named()
    {
        foreach (var kind in Kinds)
        {
            Check(
                8,
                Prop.ForAll(
                    Random,
                    bytes =>
                    {
                        var text = kind.Make(bytes);
                        for (var i = kind.Prefix; i < text.Length; i++)
                        {
                            if (text[i] == '-')
                                continue;
                            foreach (var c in Alphabet.Append('U').Append('!').Append('é').Where(c => c != text[i]))
                                Assert.Contains(
                                    $"group {Group(text, kind.Prefix, i)}",
                                    Problem(kind, text[..i] + c + text[(i + 1)..]),
                                    StringComparison.Ordinal
                                );
                        }

                        return true;
                    }
                )
            );
        }
    }

    [Fact]
    public void Neighbours_changed_with_each_other_are_found_and_their_group_named()
    {
        foreach (var kind in Kinds)
        {
            Check(
                100,
                Prop.ForAll(
                    Random,
                    bytes =>
                    {
                        var text = kind.Make(bytes);
                        for (var i = kind.Prefix; i + 1 < text.Length; i++)
                        {
                            // Over the border of two groups, too.
                            var j = text[i + 1] == '-' ? i + 2 : i + 1;
                            if (text[i] == '-' || text[i] == text[j])
                                continue;
                            var swapped = text.ToCharArray();
                            (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                            var problem = Problem(kind, new string(swapped));
                            Assert.Matches($@"group {Group(text, kind.Prefix, i)}\b|groups .*\b{Group(text, kind.Prefix, i)}\b", problem);
                        }

                        return true;
                    }
                )
            );
        }
    }

    [Fact]
    public void Groups_changed_with_each_other_are_found()
    {
        foreach (var kind in Kinds)
        {
            Check(
                20,
                Prop.ForAll(
                    Random,
                    bytes =>
                    {
                        var text = kind.Make(bytes);
                        var groups = text[kind.Prefix..].Split('-');
                        for (var i = 0; i < groups.Length; i++)
                        {
                            for (var j = i + 1; j < groups.Length; j++)
                            {
                                var swapped = groups.ToArray();
                                (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                                if (groups[i] == groups[j])
                                    continue;
                                Assert.Contains(
                                    $"groups {i + 1} and {j + 1} stand in each other's place",
                                    Problem(kind, string.Join('-', swapped)),
                                    StringComparison.Ordinal
                                );
                            }
                        }

                        return true;
                    }
                )
            );
        }
    }

    [Fact]
    public void A_missing_character_or_group_is_named()
    {
        foreach (var kind in Kinds)
        {
            var text = kind.Make(RandomNumberGenerator.GetBytes(32));
            var third = kind.Prefix + 12;
            Assert.Matches("group 3.* is mistyped: it has 4 characters instead of 5", Problem(kind, text.Remove(third, 1)));
            Assert.Matches("group 3.* is mistyped: it has 6 characters instead of 5", Problem(kind, text.Insert(third, "7")));
            Assert.Matches("has [0-9]+ groups instead of [0-9]+", Problem(kind, text.Remove(third, 6)));
            Assert.Matches("is empty", Problem(kind, " - "));
            Assert.Matches("too long", Problem(kind, new string('0', 5000)));
            Assert.Matches("has 1 characters instead of", Problem(kind, "7"));
        }
    }

    [Fact]
    public void One_kind_is_not_taken_for_another()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        foreach (var (given, wanted) in from a in Kinds from b in Kinds where a != b select (a, b))
            Assert.NotEmpty(Problem(wanted, given.Make(bytes)));
        Assert.Equal("this is a master token, not a join code", Problem(Kinds[0], Kinds[1].Make(bytes)));
        Assert.Equal("this is an encryption key, not a master token", Problem(Kinds[1], Kinds[2].Make(bytes)));
        Assert.Contains("does not begin with GHMT-", Problem(Kinds[1], "GHNT" + Kinds[1].Make(bytes)[4..]), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_read_or_refused_with_a_reason() =>
        Check(
            2000,
            Prop.ForAll(
                Gen.OneOf(
                        Gen.Elements(
                            Alphabet
                                .Select(c => c.ToString())
                                .Append("-")
                                .Append(" ")
                                .Append("GHMT-")
                                .Append("\ud800")
                                .Append("\0")
                                .ToArray()
                        ),
                        Gen.Choose(0, 0xFFFF).Select(c => ((char)c).ToString())
                    )
                    .ArrayOf()
                    .Resize(80)
                    .Select(string.Concat)
                    .ToArbitrary(),
                text => Array.TrueForAll(Kinds, k => k.Read(text) is { Text: not null } or { Problem.Length: > 5 })
            )
        );

    [Fact]
    public void A_join_code_carries_its_parts()
    {
        var cluster = new SampleCluster();
        var random = RandomNumberGenerator.GetBytes(JoinCode.RandomBytes);
        var code = JoinCode.Make(random, Pin.Of(cluster.Root.Certificate));
        Assert.True(JoinCode.TryRead(code.Text.Reveal(), out var read, out _));
        Assert.Equal(6, code.Id.Length);
        Assert.Equal((code.Id, code.Pin, code.Secret), (read.Id, read.Pin, read.Secret));
        Assert.True(Base32.TryRead(read.Secret.Reveal(), out var secret) && secret.AsSpan().SequenceEqual(random.AsSpan(4)));
        Assert.True(read.Pin.Matches(cluster.Root.Certificate));
        Assert.False(read.Pin.Matches(new SampleCluster().Root.Certificate));
        Assert.Equal(16, read.Secret.Reveal().Length);
        // The secret is the last four groups without their check characters.
        Assert.Equal(read.Secret.Reveal(), string.Concat(read.Text.Reveal().Split('-')[8..].Select(g => g[..4])));
    }

    [Fact]
    public void The_pin_is_the_start_of_the_hash_of_the_key_as_the_certificate_holds_it()
    {
        var certificate = new SampleCluster().Root.Certificate;
        var hash = Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        Assert.Equal(hash[..32], Pin.Of(certificate).Hex);
        Assert.True(certificate.RawData.AsSpan().IndexOf(certificate.PublicKey.ExportSubjectPublicKeyInfo()) > 0);
        Assert.Equal(39, Pin.Of(certificate).ToString().Length);
    }

    [Fact]
    public void A_code_of_a_later_version_says_so()
    {
        var bytes = new byte[30];
        bytes[0] = 0x80;
        Assert.False(JoinCode.TryRead(CheckedGroups.JoinCode.Write(bytes), out _, out var problem));
        Assert.Contains("version 2", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_verifier_knows_its_code_and_no_other()
    {
        var code = Code(RandomNumberGenerator.GetBytes(32));
        var other = Code(RandomNumberGenerator.GetBytes(32));
        var stored = CodeVerifier.Of(code, RandomNumberGenerator.GetBytes(CodeVerifier.SaltBytes)).ToString();
        Assert.True(CodeVerifier.TryRead(stored, out var verifier));
        Assert.True(verifier.Matches(code.Id, code.Secret));
        Assert.True(verifier.Matches(code.Id, new Secret(code.Secret.Reveal().ToLowerInvariant())));
        Assert.False(verifier.Matches(code.Id, other.Secret));
        Assert.False(verifier.Matches(other.Id, code.Secret));
        Assert.All(
            new[] { "", "U", new string('0', 16), code.Secret.Reveal()[..14], code.Secret.Reveal() + "00" },
            s => Assert.False(verifier.Matches(code.Id, new Secret(s)))
        );
        Assert.NotEqual(stored, CodeVerifier.Of(code, RandomNumberGenerator.GetBytes(CodeVerifier.SaltBytes)).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("v1:4096:AAAA:AAAA")]
    [InlineData("v2:4096:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("v1:2000000000:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("v1:0:AAAAAAAAAAAAAAAAAAAAAA==:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void A_damaged_verifier_is_not_read(string text) => Assert.False(CodeVerifier.TryRead(text, out _));

    [Fact]
    public void Check_characters_are_computed_in_a_field()
    {
        foreach (var a in Enumerable.Range(1, 31))
            Assert.Equal(Enumerable.Range(1, 31), Enumerable.Range(1, 31).Select(b => CheckedGroups.Multiply(a, b)).Order());
    }

    private static JoinCode Code(byte[] random) => JoinCode.Make(random.AsSpan(0, 14), Pin.Read(random.AsSpan(14, 16)));

    private static string Problem(
        (string Name, int Prefix, Func<byte[], string> Make, Func<string, (string? Text, string Problem)> Read) kind,
        string text
    )
    {
        var (read, problem) = kind.Read(text);
        Assert.True(read is null, $"{kind.Name} {text}");
        return problem;
    }

    private static int Group(string text, int prefix, int index) => text[prefix..index].Count(c => c == '-') + 1;

    private static void Check(int times, Property property) => property.Check(Config.QuickThrowOnFailure.WithMaxTest(times));
}

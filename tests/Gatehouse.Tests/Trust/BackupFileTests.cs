using System.Security.Cryptography;
using System.Text;
using Gatehouse.Core.Trust;
using Xunit;

namespace Gatehouse.Tests.Trust;

/// <summary>A backup's file: what it says openly, and that nothing of it can be changed.</summary>
public sealed class BackupFileTests
{
    private static readonly EncryptionKey Key = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes));
    private static readonly BackupLabel Label = new(
        "post",
        "0123456789abcdef0123456789abcdef",
        new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero),
        "db1.example.org",
        "1.2.3",
        "ABC123"
    );
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("what a cluster is made of, and the canary-in-the-registry");

    [Fact]
    public void It_comes_back_as_it_was_written_and_shows_only_its_head()
    {
        var text = Write();
        Assert.StartsWith("gatehouse-backup 1\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\nend\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), l => Assert.True(l.Length <= 120, l));
        Assert.True(BackupFile.TryRead(Encoding.UTF8.GetBytes(text), "1.2.3", out var file, out var problem), problem);
        Assert.Equal((Label, Key.Id), (file.Label, file.KeyId));
        Assert.True(file.TryOpen(Key, out var content, out problem), problem);
        Assert.Equal(Content, content);
    }

    [Fact]
    public void What_copying_does_to_the_ends_of_lines_is_no_damage()
    {
        Assert.True(
            BackupFile.TryRead(
                Encoding.UTF8.GetBytes(Write().Replace("\n", "\r\n", StringComparison.Ordinal)),
                "1.2.3",
                out var file,
                out var problem
            ),
            problem
        );
        Assert.True(file.TryOpen(Key, out _, out problem), problem);
    }

    [Fact]
    public void Any_changed_or_missing_byte_is_found()
    {
        var bytes = Encoding.UTF8.GetBytes(Write());
        for (var i = 0; i < bytes.Length; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            Assert.False(Opens(changed), $"byte {i}");
            Assert.False(Opens(bytes[..i]), $"cut at {i}");
        }
    }

    [Fact]
    public void The_head_of_one_and_the_body_of_another_do_not_go_together()
    {
        var other = BackupFile.Write(
            Label with
            {
                Node = "db2.example.org",
            },
            Key,
            Content,
            RandomNumberGenerator.GetBytes(BackupFile.NonceBytes)
        );
        var mixed = Write().Split("sealed:\n")[0] + "sealed:\n" + other.Split("sealed:\n")[1];
        Assert.True(BackupFile.TryRead(Encoding.UTF8.GetBytes(mixed), "1.2.3", out var file, out _));
        Assert.False(file.TryOpen(Key, out _, out var problem));
        Assert.Contains("was changed", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_key_is_refused_by_its_name_and_shows_nothing()
    {
        var other = EncryptionKey.Make(RandomNumberGenerator.GetBytes(EncryptionKey.RandomBytes));
        Assert.True(BackupFile.TryRead(Encoding.UTF8.GetBytes(Write()), "1.2.3", out var file, out _));
        Assert.False(file.TryOpen(other, out var content, out var problem));
        Assert.Empty(content);
        Assert.Contains(Key.Id, problem, StringComparison.Ordinal);
        Assert.Contains(other.Id, problem, StringComparison.Ordinal);
        Assert.DoesNotContain(other.Text.Reveal()[5..10], problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gatehouse-backup 2\nwhatever a later release writes\n", "form 2")]
    [InlineData("", "is no backup")]
    [InlineData("gatehouse-bundle 1\n", "is no backup")]
    [InlineData("gatehouse-backup 1\ncluster: post\n", "is cut off")]
    public void What_cannot_be_read_is_named(string text, string said)
    {
        Assert.False(BackupFile.TryRead(Encoding.UTF8.GetBytes(text), "1.2.3", out _, out var problem));
        Assert.Contains(said, problem, StringComparison.Ordinal);
    }

    private static string Write() => BackupFile.Write(Label, Key, Content, RandomNumberGenerator.GetBytes(BackupFile.NonceBytes));

    private static bool Opens(byte[] bytes) => BackupFile.TryRead(bytes, "1.2.3", out var file, out _) && file.TryOpen(Key, out _, out _);
}

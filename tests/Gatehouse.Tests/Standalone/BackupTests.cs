using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Backup;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Tests.Machines;
using Xunit;

namespace Gatehouse.Tests.Standalone;

/// <summary>The backup of a gateway of its own.</summary>
public sealed class BackupTests : IDisposable
{
    private const string Phrase = "correct horse battery";
    private static readonly GatewayLabel Label = new(
        "mx1.example.org",
        new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero),
        "1.0",
        7,
        true
    );
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-backup-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(SealedFile.Piece)]
    [InlineData((2 * SealedFile.Piece) + 5)]
    public void What_was_sealed_opens_as_it_was(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        using var opened = SealedFile.Open(new MemoryStream(Sealed(content)), Phrase);
        using var read = new MemoryStream();
        opened.CopyTo(read);
        Assert.Equal(content, read.ToArray());
    }

    [Fact]
    public void A_turned_bit_anywhere_is_refused()
    {
        var whole = Sealed(Encoding.ASCII.GetBytes("secret content"));
        for (var i = 0; i < whole.Length; i++)
        {
            var changed = whole.ToArray();
            changed[i] ^= 1;
            Assert.Throws<SealedFileException>(() => Read(changed, Phrase));
        }
    }

    [Fact]
    public void A_cut_or_lengthened_file_and_another_passphrase_are_refused()
    {
        var whole = Sealed(RandomNumberGenerator.GetBytes(SealedFile.Piece + 10));
        foreach (var cut in new[] { 1, 20, whole.Length - SealedFile.Piece, whole.Length - 200 })
            Assert.Throws<SealedFileException>(() => Read(whole[..^cut], Phrase));
        Assert.Throws<SealedFileException>(() => Read([.. whole, 0], Phrase));
        Assert.Contains(
            "passphrase",
            Assert.Throws<SealedFileException>(() => Read(whole, Phrase + "x")).Message,
            StringComparison.Ordinal
        );
        // The last piece alone, in the place of all.
        Assert.Throws<SealedFileException>(() =>
            Read([.. whole[..^(10 + 16 + 4 + SealedFile.Piece + 16 + 4)], .. whole[^(10 + 16 + 4)..]], Phrase)
        );
    }

    [Fact]
    public async Task Files_come_back_with_their_content_and_mode_and_their_kind()
    {
        var source = new LocalMachine(Path.Combine(directory, "from"));
        Put(
            source,
            "/etc/gatehouse/answers.yaml",
            "version: 1\nweb:\n  password: {file: /root/my.env}\n",
            UnixFileMode.UserRead | UnixFileMode.UserWrite
        );
        Put(source, "/root/my.env", "canary", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Put(
            source,
            "/var/quarantine/20260701/1/1xUsvq-00009Z-5e.msg",
            "message",
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        );
        var configuration = GatewayFiles.Configuration(source).Files;
        Assert.Equal<string>(["/etc/gatehouse/answers.yaml", "/root/my.env"], configuration);
        var file = Path.Combine(directory, "x.backup");
        await using (var target = File.Create(file))
            await new GatewayBackup(source).WriteAsync(
                target,
                Label,
                Phrase,
                configuration,
                ["/var/quarantine/20260701/1/1xUsvq-00009Z-5e.msg"],
                default
            );
        Assert.DoesNotContain("canary", Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);

        Assert.Equal([false, false, true], (await GatewayBackup.ListAsync(file, Phrase, default)).Select(e => e.IsQuarantine));
        var fresh = new LocalMachine(Path.Combine(directory, "to"));
        await new GatewayBackup(fresh).ExtractAsync(file, Phrase, e => !e.IsQuarantine, default);
        Assert.Equal("canary", File.ReadAllText(fresh.Real("/root/my.env")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(fresh.Real("/root/my.env")));
        Assert.False(Directory.Exists(fresh.Real("/var/quarantine")));
        await new GatewayBackup(fresh).ExtractAsync(file, Phrase, e => e.IsQuarantine, default);
        Assert.Equal("message", File.ReadAllText(fresh.Real("/var/quarantine/20260701/1/1xUsvq-00009Z-5e.msg")));
    }

    [Fact]
    public void Files_that_answers_name_are_found_and_what_is_left_out_is_named()
    {
        var host = new LocalMachine(Path.Combine(directory, "named"));
        Put(
            host,
            "/etc/gatehouse/answers.yaml",
            "a: {file: /root/p}\nb: \"/etc/letsencrypt/x.pem\"\nc: /usr/local/etc/list\nd: [/var/lib/site/keys, /srv/my list.txt]\ne: "
                + "/usr/bin/env\nf: /root/../root/p\ng: /etc/absent # /root/comment\n",
            UnixFileMode.UserRead
        );
        foreach (
            var path in new[]
            {
                "/root/p",
                "/etc/letsencrypt/x.pem",
                "/usr/local/etc/list",
                "/var/lib/site/keys",
                "/srv/my list.txt",
                "/usr/bin/env",
                "/root/comment",
            }
        )
            Put(host, path, "x", UnixFileMode.UserRead);
        // Larger than what is held in memory elsewhere; it takes no room.
        using (var large = File.OpenWrite(host.Real("/var/lib/site/keys")))
            large.SetLength(300 << 20);
        var taken = GatewayFiles.Configuration(host);
        Assert.Equal<string>(
            [
                "/etc/gatehouse/answers.yaml",
                "/etc/letsencrypt/x.pem",
                "/root/p",
                "/srv/my list.txt",
                "/usr/local/etc/list",
                "/var/lib/site/keys",
            ],
            taken.Files
        );
        Assert.Equal(["/usr/bin/env", "/root/../root/p"], taken.LeftOut.Select(l => l.Split(": ")[0]));
    }

    [Fact]
    public async Task A_message_larger_than_256_MB_comes_back()
    {
        var source = new LocalMachine(Path.Combine(directory, "large"));
        Put(source, "/q/1.msg", "x", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var large = File.OpenWrite(source.Real("/q/1.msg")))
            large.SetLength(257L << 20);
        var file = Path.Combine(directory, "large.backup");
        await using (var target = File.Create(file))
            await new GatewayBackup(source).WriteAsync(target, Label, Phrase, [], ["/q/1.msg"], default);
        var fresh = new LocalMachine(Path.Combine(directory, "large-to"), durable: false);
        await new GatewayBackup(fresh).ExtractAsync(file, Phrase, _ => true, default);
        Assert.Equal(257L << 20, new FileInfo(fresh.Real("/q/1.msg")).Length);
    }

    [Fact]
    public async Task An_owner_that_comes_with_a_package_gets_its_file_and_one_that_never_comes_is_named()
    {
        var host = new MemoryMachine();
        foreach (var path in new[] { "/root/list", "/root/other" })
            await host.WriteAsync(path, new Item(EntryKind.File, Ownership.Private, new FileContent("x"u8.ToArray())), default);
        var pending = new PendingOwners(host);
        await pending.SetAsync(
            [new PendingOwner("/root/list", "root", "Debian-exim", 0x1A0), new PendingOwner("/root/other", "gone", "root", 0x180)],
            default
        );
        await host.WriteAsync(
            "/etc/passwd",
            new Item(EntryKind.File, Ownership.Private, new FileContent("root:x:0:0::/root:/bin/sh\n"u8.ToArray())),
            default
        );
        await host.WriteAsync(
            "/etc/group",
            new Item(EntryKind.File, Ownership.Private, new FileContent("root:x:0:\nDebian-exim:x:106:\n"u8.ToArray())),
            default
        );
        Assert.Equal("/root/other", Assert.Single(await pending.SettleAsync(default)).Path);
        Assert.Equal(new Ownership("root", "Debian-exim", 0x1A0), (await host.StatAsync("/root/list", default)).Owner);
        Assert.Empty(await pending.SettleAsync(default));
    }

    [Fact]
    public async Task A_restored_file_of_an_unknown_group_is_told_and_is_roots_meanwhile()
    {
        var source = new LocalMachine(Path.Combine(directory, "owned"));
        Put(source, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n", UnixFileMode.UserRead);
        Put(source, "/etc/group", "mailers:x:0:\n", UnixFileMode.UserRead);
        Put(source, "/root/list", "x", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var file = Path.Combine(directory, "owned.backup");
        await using (var target = File.Create(file))
            await new GatewayBackup(source).WriteAsync(target, Label, Phrase, ["/root/list"], [], default);
        var fresh = new LocalMachine(Path.Combine(directory, "owned-to"), durable: false);
        Put(fresh, "/etc/passwd", "root:x:0:0::/root:/bin/sh\n", UnixFileMode.UserRead);
        Put(fresh, "/etc/group", "root:x:0:\n", UnixFileMode.UserRead);
        var pending = Assert.Single(await new GatewayBackup(fresh).ExtractAsync(file, Phrase, _ => true, default));
        Assert.Equal(("/root/list", "mailers", 0x1A0), (pending.Path, pending.Group, pending.Mode));
    }

    [Fact]
    public void A_check_says_when_the_gateways_address_is_not_on_this_host()
    {
        var answers = "version: 1\nsystem:\n  address: 192.0.2.1\n"u8.ToArray();
        Assert.Contains(
            "192.0.2.1",
            Assert.Single(GatewayBackupRun.OfHost(answers, [IPAddress.Parse("192.0.2.2")])),
            StringComparison.Ordinal
        );
        Assert.Empty(GatewayBackupRun.OfHost(answers, [IPAddress.Parse("192.0.2.1")]));
    }

    [Theory]
    [InlineData("/etc/x", true)]
    [InlineData("etc/x", false)]
    [InlineData("/etc/../x", false)]
    [InlineData("/etc//x", false)]
    [InlineData("/", false)]
    public void A_path_of_a_backup_leads_where_it_says(string path, bool good) => Assert.Equal(good, GatewayFiles.IsPlain(path));

    private static byte[] Sealed(byte[] content)
    {
        using var target = new MemoryStream();
        using (var stream = SealedFile.Write(target, Label, Phrase, rounds: 10))
            stream.Write(content);
        return target.ToArray();
    }

    private static void Read(byte[] file, string phrase)
    {
        using var opened = SealedFile.Open(new MemoryStream(file), phrase);
        opened.CopyTo(Stream.Null);
    }

    private static void Put(LocalMachine machine, string path, string text, UnixFileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(machine.Real(path))!);
        File.WriteAllText(machine.Real(path), text);
        File.SetUnixFileMode(machine.Real(path), mode);
    }
}

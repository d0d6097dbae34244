using System.Collections.Immutable;
using System.Formats.Tar;
using System.IO.Compression;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Backup;

/// <summary>A file of a backup.</summary>
/// <param name="Path">Where it belongs.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="IsQuarantine">Whether it is of the quarantine, which is put in place when its owners are there.</param>
internal sealed record BackupEntry(string Path, long Bytes, bool IsQuarantine);

/// <summary>Writes and reads the content of a gateway's backup: a compressed tar archive, sealed as a whole.</summary>
/// <param name="machine">The host.</param>
internal sealed class GatewayBackup(LocalMachine machine)
{
    // In the archive, the first folder tells what a file is of.
    private const string Configuration = "configuration";
    private const string Quarantine = "quarantine";

    /// <summary>Writes a backup.</summary>
    /// <param name="target">Where it goes.</param>
    /// <param name="label">What it is.</param>
    /// <param name="passphrase">What opens it.</param>
    /// <param name="configuration">Files of the configuration.</param>
    /// <param name="quarantine">Files of the quarantine.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>How many files are in it, and their bytes. A message that was deleted meanwhile is left out.</returns>
    public async Task<(int Files, long Bytes)> WriteAsync(
        Stream target,
        GatewayLabel label,
        string passphrase,
        IEnumerable<string> configuration,
        IEnumerable<string> quarantine,
        CancellationToken ct
    )
    {
        var (files, bytes) = (0, 0L);
        await using var content = SealedFile.Write(target, label, passphrase);
        await using var compressed = new GZipStream(content, CompressionLevel.Fastest);
        await using var archive = new TarWriter(compressed, TarEntryFormat.Pax);
        foreach (var (kind, path) in configuration.Select(p => (Configuration, p)).Concat(quarantine.Select(p => (Quarantine, p))))
        {
            ct.ThrowIfCancellationRequested();
            var owner = machine.OwnerOf(path) ?? Ownership.Private;
            FileStream data;
            try
            {
                // A link that the answers name, as certbot has them, becomes a file: it leads to what a fresh host does not have.
                data = new FileStream(machine.Real(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                continue;
            }

            await using (data)
            {
                var entry = new PaxTarEntry(TarEntryType.RegularFile, kind + path)
                {
                    Mode = (UnixFileMode)(owner.Mode & 0x1FF),
                    UserName = owner.User,
                    GroupName = owner.Group,
                    ModificationTime = File.GetLastWriteTimeUtc(machine.Real(path)),
                    DataStream = data,
                };
                bytes += data.Length;
                files++;
                await archive.WriteEntryAsync(entry, ct);
            }
        }

        return (files, bytes);
    }

    /// <summary>Reads all of a backup, so that nothing is changed when a part of it is damaged, and tells what is in it.</summary>
    /// <exception cref="SealedFileException">It does not open, or was changed.</exception>
    public static async Task<ImmutableArray<BackupEntry>> ListAsync(string file, string passphrase, CancellationToken ct)
    {
        var found = ImmutableArray.CreateBuilder<BackupEntry>();
        await EachAsync(
            file,
            passphrase,
            (path, entry) =>
            {
                found.Add(path);
                return Task.CompletedTask;
            },
            ct
        );
        return found.ToImmutable();
    }

    /// <summary>Puts files of a backup in place.</summary>
    /// <param name="file">The backup, which was read before.</param>
    /// <param name="passphrase">What opens it.</param>
    /// <param name="isWanted">Which files.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Files whose user or group this host does not know: they belong to root for now.</returns>
    public async Task<ImmutableArray<PendingOwner>> ExtractAsync(
        string file,
        string passphrase,
        Func<BackupEntry, bool> isWanted,
        CancellationToken ct
    )
    {
        var pending = ImmutableArray.CreateBuilder<PendingOwner>();
        await EachAsync(
            file,
            passphrase,
            async (wanted, entry) =>
            {
                if (!isWanted(wanted))
                    return;
                var (path, mode) = (wanted.Path, (int)entry.Mode & 0x1FF);
                var (hasUser, hasGroup) = machine.Knows(entry.UserName, entry.GroupName);
                if (!hasUser || !hasGroup)
                    pending.Add(new PendingOwner(path, entry.UserName, entry.GroupName, mode));
                var owner = new Ownership(hasUser ? entry.UserName : "root", hasGroup ? entry.GroupName : "root", mode);
                await MakeParentsAsync(path, owner, ct);
                // A quarantined message may be larger than the memory.
                machine.Write(path, owner, entry.DataStream ?? Stream.Null);
                File.SetLastWriteTimeUtc(machine.Real(path), entry.ModificationTime.UtcDateTime);
            },
            ct
        );
        return pending.ToImmutable();
    }

    /// <summary>The content of one small file of a backup; null when it is not in it.</summary>
    public static async Task<byte[]?> ReadAsync(string file, string passphrase, string path, CancellationToken ct)
    {
        byte[]? found = null;
        await EachAsync(
            file,
            passphrase,
            async (entry, tar) =>
            {
                if (entry.Path != path || entry.IsQuarantine)
                    return;
                using var data = new MemoryStream();
                if (tar.DataStream is { } stream)
                    await stream.CopyToAsync(data, ct);
                found = data.ToArray();
            },
            ct
        );
        return found;
    }

    private static async Task EachAsync(string file, string passphrase, Func<BackupEntry, PaxTarEntry, Task> act, CancellationToken ct)
    {
        try
        {
            await using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            await using var content = SealedFile.Open(source, passphrase);
            await using (var compressed = new GZipStream(content, CompressionMode.Decompress, leaveOpen: true))
            await using (var archive = new TarReader(compressed))
            {
                while (await archive.GetNextEntryAsync(copyData: false, ct) is { } entry)
                {
                    var slash = Math.Max(0, entry.Name.IndexOf('/', StringComparison.Ordinal));
                    var (kind, path) = (entry.Name[..slash], entry.Name[slash..]);
                    if (
                        entry is not PaxTarEntry { EntryType: TarEntryType.RegularFile } regular
                        || !GatewayFiles.IsPlain(path)
                        || kind is not (Configuration or Quarantine)
                    )
                        throw new SealedFileException("contains an entry that does not belong to a gateway");
                    await act(new BackupEntry(path, regular.Length, kind == Quarantine), regular);
                }
            }

            // To the last piece, or a file that was cut off behind the archive's end would pass.
            var rest = new byte[1 << 16];
            while (await content.ReadAsync(rest, ct) > 0) { }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new SealedFileException("cannot be read; it was made by another release or is damaged");
        }
    }

    // The quarantine's folders belong to whoever owns what is in them. Folders that are there stay as they are.
    private async Task MakeParentsAsync(string path, Ownership owner, CancellationToken ct)
    {
        var parent = path[..Math.Max(1, path.LastIndexOf('/'))];
        if (parent == "/" || Directory.Exists(machine.Real(parent)))
            return;
        await MakeParentsAsync(parent, owner, ct);
        var mode =
            path.StartsWith("/etc/", StringComparison.Ordinal) && !path.StartsWith("/etc/gatehouse/secrets/", StringComparison.Ordinal)
                ? "0755"
            : owner.User == "root" ? "0700"
            : "0750";
        await machine.WriteAsync(parent, new Item(EntryKind.Directory, owner with { Mode = Ownership.ParseMode(mode) }), ct);
    }
}

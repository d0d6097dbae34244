using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Machines;

/// <summary>The machine the program runs on, or a tree of files on it (<c>--root</c>).</summary>
public sealed class LocalMachine : IMachine
{
    private const UnixFileMode UsualDirectory =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    private readonly string root;
    private readonly bool durable;
    private readonly bool chowns = LibC.EffectiveUser() == 0;
    private Accounts? accounts;

    /// <summary>The machine itself, or the tree below a directory.</summary>
    /// <param name="root"><c>/</c>, or the directory that stands for it.</param>
    /// <param name="durable">Whether what is written must survive a power loss; what is only looked at and thrown away need not.</param>
    public LocalMachine(string root = "/", bool durable = true)
    {
        this.root = root == "/" ? "" : Path.GetFullPath(root);
        this.durable = durable;
    }

    /// <inheritdoc/>
    public string Name => root.Length == 0 ? "this host" : root;

    /// <inheritdoc/>
    public bool IsLive => root.Length == 0;

    /// <summary>Where a path of the machine is for this process.</summary>
    public string Real(string path) => root + path;

    /// <inheritdoc/>
    public async ValueTask<FileContent?> ReadAsync(string path, CancellationToken ct)
    {
        try
        {
            return File.Exists(Real(path)) ? new FileContent(await File.ReadAllBytesAsync(Real(path), ct)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{Real(path)} cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PathState> StatAsync(string path, CancellationToken ct)
    {
        if (LibC.Stat(Real(path)) is not { } stat)
            return PathState.Nothing;
        var owner = new Ownership(Users.UserName(stat.User), Users.GroupName(stat.Group), stat.Mode & 0xFFF);
        return (stat.Mode & 0xF000) switch
        {
            0xA000 => new PathState(EntryKind.Link, "", new FileInfo(Real(path)).LinkTarget ?? "", owner),
            0x4000 => new PathState(EntryKind.Directory, "", "", owner),
            0x8000 => new PathState(EntryKind.File, (await ReadAsync(path, ct))!.Hash, "", owner),
            _ => throw new MachineException($"{Real(path)} is neither a file, a directory nor a link; move it away."),
        };
    }

    /// <summary>Who owns a file, and its mode; of a link, the file that it leads to. Null when there is none. The content is not
    /// read.</summary>
    public Ownership? OwnerOf(string path)
    {
        var real = new FileInfo(Real(path)).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Real(path);
        return LibC.Stat(real) is { } stat
            ? new Ownership(Users.UserName(stat.User), Users.GroupName(stat.Group), stat.Mode & 0xFFF)
            : null;
    }

    /// <summary>Whether users and groups of these names are there.</summary>
    public (bool User, bool Group) Knows(string user, string group)
    {
        accounts = null;
        return (Users.User(user) is not null, Users.Group(group) is not null);
    }

    /// <summary>Puts a file in place whose content may be too large for the memory.</summary>
    /// <param name="path">Where.</param>
    /// <param name="owner">Final owner and mode.</param>
    /// <param name="content">What is to be in it.</param>
    /// <exception cref="MachineException">It cannot be written.</exception>
    public void Write(string path, Ownership owner, Stream content)
    {
        var real = Real(path);
        try
        {
            MakeDirectory(Path.GetDirectoryName(real)!);
            Swap(real, temporary => WriteFile(temporary, owner, content.CopyTo));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{real} cannot be written: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(string path, Item item, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var real = Real(path);
        try
        {
            MakeDirectory(Path.GetDirectoryName(real)!);
            switch (item.Kind)
            {
                case EntryKind.Directory:
                    WriteDirectory(real, item);
                    break;
                case EntryKind.Link:
                    Swap(real, temporary => File.CreateSymbolicLink(temporary, item.Target));
                    break;
                case EntryKind.File:
                    Swap(real, temporary => WriteFile(temporary, item.Owner, s => s.Write(item.Content!.Bytes.Span)));
                    break;
                default:
                    throw new InvalidOperationException($"an item of kind {item.Kind} cannot be written");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{real} cannot be written: {e.Message}", e);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string path, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var real = Real(path);
        try
        {
            // A write that was cut off may have left its half-made item, and it may hold secrets.
            if (Directory.Exists(Path.GetDirectoryName(real)))
                File.Delete(Temporary(real));
            if (LibC.Stat(real) is not { } stat)
                return ValueTask.CompletedTask;
            if ((stat.Mode & 0xF000) == 0x4000)
                Directory.Delete(real);
            else
                File.Delete(real);
            Settle(Path.GetDirectoryName(real)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{real} cannot be removed: {e.Message}", e);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<string>> ListAsync(string path, CancellationToken ct) =>
        ValueTask.FromResult<ImmutableArray<string>>(
            Directory.Exists(Real(path))
                ? [.. Directory.EnumerateFileSystemEntries(Real(path)).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)]
                : []
        );

    /// <inheritdoc/>
    public async ValueTask<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct)
    {
        var result = await ProcessRunner.RunAsync(command, onLine, ct);
        // A package or usermod may just have added users and groups.
        accounts = null;
        return result;
    }

    private Accounts Users => accounts ??= new Accounts(Text("/etc/passwd"), Text("/etc/group"));

    private string Text(string path) => File.Exists(Real(path)) ? File.ReadAllText(Real(path)) : File.ReadAllText(path);

    // Whatever the mask: a directory that anybody may write into would make all in it anybody's.
    private static void MakeDirectory(string real)
    {
        if (Directory.Exists(real))
            return;
        MakeDirectory(Path.GetDirectoryName(real)!);
        Directory.CreateDirectory(real, UsualDirectory);
    }

    private void WriteDirectory(string real, Item item)
    {
        if (LibC.Stat(real) is { } stat && (stat.Mode & 0xF000) != 0x4000)
            throw new MachineException($"{real} is in the way, because a directory is needed there; move it away.");
        Directory.CreateDirectory(real);
        Own(real, item.Owner);
        File.SetUnixFileMode(real, (UnixFileMode)item.Owner.Mode);
        Settle(Path.GetDirectoryName(real)!);
    }

    private void WriteFile(string temporary, Ownership owner, Action<Stream> fill)
    {
        // Created unreadable for others, given its owner, then its mode, then its content: at no moment may the wrong one read it.
        using var stream = new FileStream(
            temporary,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );
        // By the open file and not by its name, which somebody who owns the directory could give to another file meanwhile.
        Own(temporary, owner, stream.SafeFileHandle);
        File.SetUnixFileMode(stream.SafeFileHandle, (UnixFileMode)owner.Mode);
        fill(stream);
        stream.Flush(flushToDisk: durable);
    }

    // The new item is complete under a temporary name beside the old one, then takes its name in one step.
    private void Swap(string real, Action<string> make)
    {
        if (LibC.Stat(real) is { } stat && (stat.Mode & 0xF000) == 0x4000)
            throw new MachineException($"{real} is a directory, but a file is needed there; move it away.");
        var directory = Path.GetDirectoryName(real)!;
        var temporary = Temporary(real);
        File.Delete(temporary);
        try
        {
            make(temporary);
            LibC.Rename(temporary, real);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        Settle(directory);
    }

    /// <summary>The name beside a path under which its next item is made.</summary>
    internal static string Temporary(string real) => Path.Combine(Path.GetDirectoryName(real)!, $".{Path.GetFileName(real)}.gatehouse-new");

    // Makes sure that the names in a directory survive a power loss.
    private void Settle(string directory)
    {
        if (durable)
            LibC.SyncDirectory(directory);
    }

    private void Own(string real, Ownership owner, SafeFileHandle? file = null)
    {
        if (!chowns)
            return;
        var user = Users.User(owner.User);
        var group = Users.Group(owner.Group);
        // In a tree the owner may belong to a package that is not installed here; on the machine itself it must exist.
        if (IsLive && (user is null || group is null))
            throw new MachineException(
                $"{real} must belong to {owner.User}:{owner.Group}, but this {(user is null ? "user" : "group")} does not exist."
            );
        if (file is null)
            LibC.ChangeOwner(real, user ?? 0, group ?? 0);
        else
            LibC.ChangeOwner(file, real, user ?? 0, group ?? 0);
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Machines;

/// <summary>The few system calls that .NET has no words for.</summary>
internal static partial class LibC
{
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxBasicStats = 0x7ff;
    private const int CloneNewNet = 0x40000000;
    private const int CloseOnExec = 0x80000;

    /// <summary>Type and permission bits, owner and group of a path; null when there is nothing. Links are not followed.</summary>
    public static unsafe (int Mode, uint User, uint Group)? Stat(string path)
    {
        // struct statx, 256 bytes (statx(2)): uid at 20, gid at 24, mode at 28.
        var buffer = stackalloc byte[256];
        if (statx(AtFdCwd, path, AtSymlinkNoFollow, StatxBasicStats, buffer) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is 2 or 20
                ? null
                : throw new MachineException($"{path} cannot be examined: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        return (*(ushort*)(buffer + 28), *(uint*)(buffer + 20), *(uint*)(buffer + 24));
    }

    /// <summary>The inode number of a path; null when there is nothing.</summary>
    public static unsafe ulong? Inode(string path)
    {
        // stx_ino is at 32.
        var buffer = stackalloc byte[256];
        return statx(AtFdCwd, path, AtSymlinkNoFollow, StatxBasicStats, buffer) == 0 ? *(ulong*)(buffer + 32) : null;
    }

    /// <summary>Sets owner and group without following a link.</summary>
    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (lchown(path, user, group) != 0)
            throw Failure($"the owner of {path} cannot be set");
    }

    /// <summary>Sets owner and group of an open file.</summary>
    public static void ChangeOwner(SafeFileHandle file, string path, uint user, uint group)
    {
        if (fchown(file, user, group) != 0)
            throw Failure($"the owner of {path} cannot be set");
    }

    /// <summary>Whatever ends this process, nothing of its memory is written to a disk, and nobody but root may look into it (prctl(2),
    /// setrlimit(2)).</summary>
    public static unsafe void KeepMemoryPrivate()
    {
        const int setDumpable = 4,
            core = 4;
        _ = prctl(setDumpable, 0, 0, 0, 0);
        // Soft and hard limit; what is started from here inherits them, and not the flag.
        var none = stackalloc ulong[2];
        _ = setrlimit(core, none);
    }

    /// <summary>Drops the pages of a mapping of a file; they are read from it again when they are needed (madvise(2)).</summary>
    public static void ForgetPages(nuint start, nuint length)
    {
        const int dontNeed = 4;
        _ = madvise(start, length, dontNeed);
    }

    /// <summary>Sends SIGINT to a process, and to nothing that it started.</summary>
    public static void Interrupt(int process)
    {
        const int interrupt = 2;
        _ = kill(process, interrupt);
    }

    /// <summary>Renames in one step, replacing what is there.</summary>
    public static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
            throw Failure($"{to} cannot be replaced");
    }

    /// <summary>Makes sure that the names in a directory survive a power loss.</summary>
    public static void SyncDirectory(string path)
    {
        const int readOnlyDirectory = 0x10000;
        var descriptor = open(path, readOnlyDirectory);
        if (descriptor < 0)
            throw Failure($"{path} cannot be opened");
        var result = fsync(descriptor);
        _ = close(descriptor);
        // EINVAL: a file system that has no such thing (some overlays); there is nothing to wait for.
        if (result != 0 && Marshal.GetLastPInvokeError() != 22)
            throw Failure($"{path} cannot be flushed to disk");
    }

    /// <summary>
    /// Gives the calling thread a network of its own (network_namespaces(7)) and returns a handle of it. The network ends with its last
    /// handle and socket, so a killed process leaves nothing of it.
    /// </summary>
    public static SafeFileHandle NewNetwork()
    {
        if (unshare(CloneNewNet) != 0)
            throw Failure("no network namespace can be created");
        var descriptor = open("/proc/thread-self/ns/net", CloseOnExec);
        return descriptor < 0
            ? throw Failure("/proc/thread-self/ns/net cannot be opened")
            : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Moves the calling thread into a network; what it opens belongs there (setns(2)).</summary>
    public static void EnterNetwork(SafeFileHandle network)
    {
        if (setns(network, CloneNewNet) != 0)
            throw Failure("the network namespace cannot be entered");
    }

    /// <summary>crypt(3): the hash of a password under a salt (which may be a whole hash); null when the method is unknown.</summary>
    public static string? Crypt(string password, string salt)
    {
        var pointer = crypt(password, salt);
        var hash = Marshal.PtrToStringUTF8(pointer);
        return hash is null || hash.StartsWith('*') ? null : hash;
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    internal static partial uint SetMask(uint mask);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    private static MachineException Failure(string what) => new($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc")]
    private static partial int madvise(nuint start, nuint length, int advice);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc")]
    private static unsafe partial int setrlimit(int resource, ulong* limits);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle descriptor, int type);

    [LibraryImport("libcrypt.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint crypt(string password, string salt);
}

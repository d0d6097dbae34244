using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Machines;

/// <summary>
/// Files in a directory that another user owns, read by root: only what belongs to that user is opened, never a link to
/// what it could not read itself.
/// </summary>
public static partial class GuardedFile
{
    private const int Flags = 0x20000 | 0x80000 | 0x800; // no link, not inherited, and no waiting for the other end of a pipe
    private const int AtEmptyPath = 0x1000;
    private const uint StatxBasicStats = 0x7ff;

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="directory">Whose owner it has to have.</param>
    /// <returns>The file; null when it is not there, is a link, no file, has further names, or is another's.</returns>
    public static FileStream? Open(string path, string directory)
    {
        var descriptor = open(path, Flags);
        if (descriptor < 0)
            return null;
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (LibC.Stat(directory) is { } owner && IsPlain(handle, owner.User))
            return new FileStream(handle, FileAccess.Read);
        handle.Dispose();
        return null;
    }

    private static unsafe bool IsPlain(SafeFileHandle handle, uint owner)
    {
        // struct statx (statx(2)): links at 16, uid at 20, mode at 28.
        var buffer = stackalloc byte[256];
        return statx(handle, "", AtEmptyPath, StatxBasicStats, buffer) == 0
            && *(uint*)(buffer + 16) == 1
            && *(uint*)(buffer + 20) == owner
            && (*(ushort*)(buffer + 28) & 0xF000) == 0x8000;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle file, string path, int flags, uint mask, byte* buffer);
}

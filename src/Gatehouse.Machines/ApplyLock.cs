using System.Diagnostics;

namespace Gatehouse.Machines;

/// <summary>One apply at a time on a machine. The kernel frees the lock when its holder ends, however it ends.</summary>
public sealed class ApplyLock : IDisposable
{
    private readonly FileStream file;

    private ApplyLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="home">The real directory of Gatehouse's records; made when missing.</param>
    /// <exception cref="MachineException">Another run holds it.</exception>
    public static ApplyLock Take(string home)
    {
        try
        {
            Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new ApplyLock(new FileStream(Path.Combine(home, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e)
            when (e is not (PathTooLongException or DirectoryNotFoundException) && File.Exists(Path.Combine(home, "lock")))
        {
            throw new MachineException("another gatehouse process is applying changes on this host; wait until it is done.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{home} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Takes the lock, and waits while another run holds it.</summary>
    /// <param name="home">The real directory of Gatehouse's records; made when missing.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="MachineException">Another run holds it still.</exception>
    public static async Task<ApplyLock> TakeAsync(string home, TimeSpan patience, CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return Take(home);
            }
            catch (MachineException) when (Stopwatch.GetElapsedTime(start) < patience)
            {
                await Task.Delay(200, ct);
            }
        }
    }

    /// <summary>Whether a run holds the lock right now. It is not touched for that: nobody who wants it finds it taken by this
    /// look.</summary>
    /// <param name="home">The real directory of Gatehouse's records.</param>
    public static bool IsHeld(string home)
    {
        try
        {
            return LibC.Inode(Path.Combine(home, "lock")) is { } inode && IsHeld(File.ReadAllText("/proc/locks"), inode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MachineException)
        {
            return false;
        }
    }

    /// <summary>The same from the text of <c>/proc/locks</c>: number, kind, mode, access, process, device and inode, range.</summary>
    internal static bool IsHeld(string locks, ulong inode) =>
        locks
            .Split('\n')
            .Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Any(w => w is [_, "FLOCK", _, "WRITE", _, var file, ..] && file.EndsWith($":{inode}", StringComparison.Ordinal));

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}

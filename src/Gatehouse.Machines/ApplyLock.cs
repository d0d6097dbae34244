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
        catch (IOException e) when (e is not (PathTooLongException or DirectoryNotFoundException) && File.Exists(Path.Combine(home, "lock")))
        {
            throw new MachineException("another gatehouse is applying on this host right now; wait until it is done.", e);
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

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}

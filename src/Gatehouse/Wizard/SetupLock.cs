using System.Diagnostics;
using System.Globalization;
using Gatehouse.Machines;

namespace Gatehouse.Wizard;

/// <summary>Who holds the wizard of a host.</summary>
/// <param name="Process">Process id.</param>
/// <param name="Terminal">The terminal it runs on.</param>
/// <param name="Since">When it was started.</param>
/// <param name="IsApplying">Whether it is changing the host right now, and must not be disturbed.</param>
internal sealed record Holder(int Process, string Terminal, DateTimeOffset Since, bool IsApplying)
{
    /// <summary>The holder in words.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Terminal} (process {Process}, since {Since.ToLocalTime():HH:mm})");
}

/// <summary>
/// One wizard at a time on a host. A second one sees who holds it and may take over: the first then saves what was typed
/// and ends. The kernel frees the lock when its holder ends, however it ends.
/// </summary>
internal sealed class SetupLock : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly SetupHome home;
    private readonly FileStream file;
    private readonly Holder me;

    private SetupLock(SetupHome home, FileStream file, Holder me)
    {
        this.home = home;
        this.file = file;
        this.me = me;
    }

    /// <summary>Takes the lock; null when another wizard holds it.</summary>
    public static SetupLock? TryTake(SetupHome home, string terminal)
    {
        home.Prepare();
        FileStream file;
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            file = new FileStream(home.File("lock"), options);
        }
        catch (IOException) when (File.Exists(home.File("lock")))
        {
            return null;
        }

        var taken = new SetupLock(home, file, new Holder(Environment.ProcessId, terminal, DateTimeOffset.UtcNow, false));
        Quietly(() => File.Delete(Request(home)));
        taken.Tell(false);
        return taken;
    }

    /// <summary>Who holds the lock; null when that is not known.</summary>
    public static Holder? Who(SetupHome home)
    {
        try
        {
            return
                File.ReadAllLines(home.File("holder")) is [var process, var terminal, var since, var state, ..]
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, out var time)
                ? new Holder(id, terminal, time, state == "applying")
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Asks the holder to end, and ends it if it does not answer; null when it goes on all the same, or is applying.</summary>
    public static SetupLock? TakeOver(SetupHome home, string terminal)
    {
        var from = Who(home)?.Process;
        File.WriteAllText(Request(home), terminal);
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < 2 * Patience)
        {
            if (TryTake(home, terminal) is { } taken)
                return taken;
            // A third one was faster; nobody was asked about that one.
            if (Who(home) is { } now && (now.IsApplying || now.Process != (from ??= now.Process)))
                break;
            // One that is stopped or hangs cannot answer. The lock is held, so the process it names is the one that holds it.
            if (Stopwatch.GetElapsedTime(start) > Patience && Who(home) is { IsApplying: false } holder)
                End(holder);
            Thread.Sleep(50);
        }

        Quietly(() =>
        {
            if (File.ReadAllText(Request(home)) == terminal)
                File.Delete(Request(home));
        });
        return null;
    }

    /// <summary>Who asks to take over; null when nobody does. Never while applying.</summary>
    public string? IsWanted()
    {
        try
        {
            return File.Exists(Request(home)) ? File.ReadAllText(Request(home)).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Taken back between the two looks.
            return null;
        }
    }

    /// <summary>Says whether the host is being changed, so that nobody takes over meanwhile.</summary>
    public void Tell(bool applying) =>
        Quietly(() =>
            PrivateFile.Write(
                home.File("holder"),
                System.Text.Encoding.UTF8.GetBytes($"{me.Process}\n{me.Terminal}\n{me.Since:O}\n{(applying ? "applying" : "asking")}\n")
            )
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        Quietly(() => File.Delete(home.File("holder")));
        file.Dispose();
    }

    private static string Request(SetupHome home) => home.File("takeover");

    // The lock itself is what counts; a full disk must not keep anybody from it, or from ending.
    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Others then see no holder, or an old one, and are told so.
        }
    }

    private static void End(Holder holder)
    {
        try
        {
            // What an old file names may be anybody by now; a wizard runs the same program as this one.
            if (new FileInfo($"/proc/{holder.Process}/exe").LinkTarget != new FileInfo("/proc/self/exe").LinkTarget)
                return;
            using var process = Process.GetProcessById(holder.Process);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }
}

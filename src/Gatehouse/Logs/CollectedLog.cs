using System.Globalization;
using System.Text;
using Gatehouse.Core.Logs;

namespace Gatehouse.Logs;

/// <summary>
/// The collected lines of one node: a file a day, a JSON object a line. The files are their own checkpoint, for each line holds its
/// position in the node's journal: what a kill left half-written is cut off, and comes again; what is whole never does.
/// </summary>
internal sealed class CollectedLog : IDisposable
{
    private const int LongestTail = 16 << 20;
    private const string DayForm = "yyyy-MM-dd";
    private readonly string directory;
    private readonly string node;
    private readonly int days;
    private readonly TimeProvider clock;
    private FileStream? file;
    private string day = "";

    private CollectedLog(string directory, string node, int days, TimeProvider clock) =>
        (this.directory, this.node, this.days, this.clock) = (directory, node, days, clock);

    /// <summary>The position of the last line; null when there is none.</summary>
    public string? Last { get; private set; }

    /// <summary>Opens the log of a node and mends its end.</summary>
    /// <param name="root">Where those of all nodes are.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="days">For how many days lines are kept; 0 for ever.</param>
    /// <param name="clock">The time here: the other's may be wrong, by mistake or on purpose, and must not throw away what is kept.</param>
    /// <exception cref="IOException">It cannot be read, or what it holds is something else.</exception>
    public static CollectedLog Open(string root, string node, int days, TimeProvider clock)
    {
        var log = new CollectedLog(Path.Combine(root, node), node, days, clock);
        Directory.CreateDirectory(
            log.directory,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        );
        foreach (var path in log.Files().OrderDescending(StringComparer.Ordinal))
        {
            if (log.day.Length == 0)
                log.day = Path.GetFileNameWithoutExtension(path);
            if ((log.Last = Mend(path)) is not null)
                break;
        }

        return log;
    }

    /// <summary>Adds a line. It is kept from the next <see cref="Flush"/> on.</summary>
    public void Add(LogLine line)
    {
        // Never to a day before the last one: the last line of the last file is where reading goes on.
        var date = Name(line.Time < clock.GetUtcNow() ? line.Time : clock.GetUtcNow());
        if (string.CompareOrdinal(date, day) > 0)
            Turn(date);
        file ??= new FileStream(
            Path.Combine(directory, $"{day}.log"),
            new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.Read,
                BufferSize = 64 << 10,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
            }
        );
        file.Write(Encoding.UTF8.GetBytes(CollectedLine.Write(node, line) + "\n"));
        Last = line.Cursor;
    }

    /// <summary>Hands what was added to the system; from then on no kill of this program loses it, and a loss of power has it come
    /// again.</summary>
    public void Flush() => file?.Flush();

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private static string Name(DateTimeOffset day) => day.UtcDateTime.ToString(DayForm, CultureInfo.InvariantCulture);

    private IEnumerable<string> Files() => Directory.EnumerateFiles(directory, "????-??-??.log");

    private void Turn(string date)
    {
        file?.Dispose();
        file = null;
        day = date;
        if (days == 0)
            return;
        var oldest = Name(clock.GetUtcNow().AddDays(-days));
        foreach (var old in Files().Where(f => string.CompareOrdinal(Path.GetFileNameWithoutExtension(f), oldest) < 0).ToArray())
            File.Delete(old);
    }

    private static string? Mend(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        var tail = new byte[(int)Math.Min(file.Length, LongestTail)];
        var start = file.Length - tail.Length;
        file.Position = start;
        file.ReadExactly(tail);
        CollectedLine.Measure(tail, out var whole, out var cursor);
        if (cursor is null && start > 0)
            throw new IOException($"the last {LongestTail >> 20} MB of {path} contain no log line; move the file away.");
        if (start + whole < file.Length)
            file.SetLength(start + whole);
        return cursor;
    }
}

using System.Globalization;

namespace Gatehouse.Machines;

/// <summary>The memory of this process, which holds keys, codes and passwords while it works.</summary>
public static class ProcessMemory
{
    /// <summary>Keeps it out of core files, and away from other programs of the same user. What this process starts leaves no core files
    /// either.</summary>
    public static void KeepPrivate() => LibC.KeepMemoryPrivate();

    /// <summary>
    /// Gives back the pages of the program's own file that were read to start it. What is needed again is read again; a program
    /// that starts once and then does little needs few of them.
    /// </summary>
    public static void GiveBackProgram()
    {
        try
        {
            var program = File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: false)?.FullName;
            if (program is not null)
                foreach (var (start, length) in UnchangedPages(File.ReadLines("/proc/self/smaps"), program))
                    LibC.ForgetPages(start, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays larger than it needs to be.
        }
    }

    /// <summary>The mappings of a file that cannot be written and of which no page was changed since it was read (proc(5),
    /// smaps).</summary>
    internal static IEnumerable<(nuint Start, nuint Length)> UnchangedPages(IEnumerable<string> smaps, string file)
    {
        (nuint Start, nuint Length)? mapping = null;
        foreach (var line in smaps)
        {
            var words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 5 && words[0].IndexOf('-', StringComparison.Ordinal) is > 0 and var dash)
            {
                var start = nuint.Parse(words[0].AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                var isReadOnly = words.Length == 6 && words[5] == file && !words[1].Contains('w', StringComparison.Ordinal);
                mapping = isReadOnly
                    ? (start, nuint.Parse(words[0].AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start)
                    : null;
            }
            else if (mapping is { } unchanged && words is ["Anonymous:", var changed, ..])
            {
                if (changed == "0")
                    yield return unchanged;
                mapping = null;
            }
        }
    }
}

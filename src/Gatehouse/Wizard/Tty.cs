namespace Gatehouse.Wizard;

/// <summary>The terminal the program runs on.</summary>
internal static class Tty
{
    /// <summary>Its name, such as <c>/dev/tty1</c>; words for it when there is none.</summary>
    public static string Name()
    {
        var target = new FileInfo("/proc/self/fd/0").LinkTarget;
        return target?.StartsWith("/dev/", StringComparison.Ordinal) == true ? target : "a pipe";
    }

    /// <summary>Whether a screen reader or a braille line is at work, which reads lines better than a drawn screen.</summary>
    public static bool IsSpoken() =>
        Directory.Exists("/sys/accessibility/speakup") || Directory.Exists("/run/brltty") || File.Exists("/run/brltty.pid");
}

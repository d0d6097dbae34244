using System.Runtime.InteropServices;
using System.Text;

namespace Gatehouse.Tui.Drawing;

/// <summary>What there is to know about standard input and output as a terminal, below curses and without .NET's Console.</summary>
internal static partial class Terminal
{
    private const int Characters = 0; // LC_CTYPE
    private const int CodeSet = 14; // CODESET
    private const int GetSize = 0x5413; // TIOCGWINSZ
    private const int SizeSignal = 28; // SIGWINCH
    private const short Readable = 1; // POLLIN
    private const short Broken = 8 | 16 | 32; // POLLERR, POLLHUP, POLLNVAL

    /// <summary>What waiting for input came to.</summary>
    public enum Input
    {
        /// <summary>Nothing in the time given.</summary>
        Nothing,

        /// <summary>There is something to read.</summary>
        Ready,

        /// <summary>The terminal is gone.</summary>
        Gone,
    }

    /// <summary>Whether keys can be read and a screen be drawn.</summary>
    public static bool IsThere() => isatty(0) == 1 && isatty(1) == 1;

    /// <summary>The size that the terminal reports; null when it reports none, as serial lines do.</summary>
    public static unsafe (int Width, int Height)? Size()
    {
        var size = stackalloc ushort[4];
        return ioctl(1, GetSize, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[1], size[0]) : null;
    }

    /// <summary>Waits until there is something to read.</summary>
    public static unsafe Input Wait(TimeSpan timeout)
    {
        var descriptor = new PollDescriptor { Descriptor = 0, Events = Readable };
        // Interrupted is as good as nothing: the caller has a clock.
        if (poll(&descriptor, 1, (int)Math.Ceiling(timeout.TotalMilliseconds)) <= 0)
            return Input.Nothing;
        return (descriptor.Returned & Broken) != 0 ? Input.Gone : Input.Ready;
    }

    /// <summary>Sends control sequences past curses.</summary>
    public static unsafe void Write(string sequence)
    {
        var bytes = Encoding.ASCII.GetBytes(sequence);
        fixed (byte* start = bytes)
            _ = write(1, start, (nuint)bytes.Length);
    }

    /// <summary>Takes the user's character set, and tells whether it is UTF-8; not the language, or error messages would come in
    /// it.</summary>
    public static bool UseLocale()
    {
        if (setlocale(Characters, "") == 0)
        {
            // SSH brings the user's own locale along, which this host need not have.
            var wanted =
                new[] { "LC_ALL", "LC_CTYPE", "LANG" }
                    .Select(Environment.GetEnvironmentVariable)
                    .FirstOrDefault(value => !string.IsNullOrEmpty(value))
                ?? "";
            if (wanted.Replace("-", "", StringComparison.Ordinal).Contains("utf8", StringComparison.OrdinalIgnoreCase))
                _ = setlocale(Characters, "C.UTF-8");
        }

        return Marshal.PtrToStringUTF8(nl_langinfo(CodeSet)) == "UTF-8";
    }

    /// <summary>Sets a variable where C code sees it; .NET's own function does not reach so far.</summary>
    public static void SetVariable(string name, string value) => _ = setenv(name, value, 1);

    /// <summary>Takes the signal for a change of size from whoever has it.</summary>
    public static void LeaveSizeSignal() => _ = signal(SizeSignal, 0);

    /// <summary>The columns that the C library, and so curses, gives a code point; -1 when it does not know it.</summary>
    [LibraryImport("libc", EntryPoint = "wcwidth")]
    public static partial int Columns(int codePoint);

    [LibraryImport("libc")]
    private static partial int isatty(int descriptor);

    [LibraryImport("libc")]
    private static unsafe partial int ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc")]
    private static unsafe partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static unsafe partial nint write(int descriptor, byte* bytes, nuint count);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint setlocale(int category, string locale);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial nint nl_langinfo(int item);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

using System.Runtime.InteropServices;

namespace Gatehouse.Tui.Drawing;

/// <summary>The part of ncurses that is used: the terminal, one window, attributes and keys. libtinfo comes with it.</summary>
internal static partial class Curses
{
    /// <summary>What a function returns that could not do it, and reading when there is nothing to read.</summary>
    public const int Failed = -1;

    /// <summary>Underlined.</summary>
    public const int Underline = 1 << 17;

    /// <summary>Foreground and background swapped.</summary>
    public const int Reverse = 1 << 18;

    /// <summary>Bold, or bright.</summary>
    public const int Bold = 1 << 21;

    private const string Library = "libncursesw.so.6";

    /// <summary>The colours that every terminal has which has any.</summary>
    public enum Colour : short
    {
        Default = -1,
        Red = 1,
        Green = 2,
        Blue = 4,
        White = 7,
    }

    /// <summary>The attribute that selects a pair of colours.</summary>
    public static int Pair(int number) => number << 8;

    /// <summary>The window that is the whole screen.</summary>
    public static nint Screen() => Variable(Library, "stdscr");

    /// <summary>A line drawing character as this terminal has it; at worst + - |. Named by the letter that a VT100 uses.</summary>
    public static uint Line(char letter) =>
        (uint)Marshal.ReadInt32(NativeLibrary.GetExport(NativeLibrary.Load(Library), "acs_map"), letter * sizeof(uint));

    /// <summary>Starts on standard output and input; false when the terminal will not do.</summary>
    public static bool Start() => newterm(null, Variable("libc.so.6", "stdout"), Variable("libc.so.6", "stdin")) != 0;

    /// <summary>Whether the terminal is known and can place its cursor. Asked first, because curses ends the process over an unknown
    /// one.</summary>
    public static bool KnowsTerminal()
    {
        if (setupterm(null, 1, out _) != 0)
            return false;
        return tigetstr("cup") is not (0 or -1);
    }

    /// <summary>What clears a terminal that has no second screen to come back from; empty for one that has.</summary>
    public static string ClearOnlyScreen()
    {
        if (tigetstr("rmcup") is not (0 or -1))
            return "";
        var clear = tigetstr("clear");
        if (clear is 0 or -1)
            return "";
        // Without the pause at its end, $<50>, that a VT100 of glass needs.
        var sequence = Marshal.PtrToStringUTF8(clear)!;
        return sequence.IndexOf("$<", StringComparison.Ordinal) is > 0 and var end ? sequence[..end] : sequence;
    }

    private static nint Variable(string library, string name) =>
        Marshal.ReadIntPtr(NativeLibrary.GetExport(NativeLibrary.Load(library), name));

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setupterm(string? terminal, int descriptor, out int error);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint tigetstr(string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint newterm(string? terminal, nint output, nint input);

    [LibraryImport(Library)]
    public static partial int endwin();

    [LibraryImport(Library)]
    public static partial int raw();

    [LibraryImport(Library)]
    public static partial int noecho();

    [LibraryImport(Library)]
    public static partial int nonl();

    [LibraryImport(Library)]
    public static partial int keypad(nint window, byte on);

    [LibraryImport(Library)]
    public static partial int set_escdelay(int milliseconds);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int define_key(string sequence, int code);

    [LibraryImport(Library)]
    public static partial byte has_colors();

    [LibraryImport(Library)]
    public static partial int start_color();

    [LibraryImport(Library)]
    public static partial int use_default_colors();

    [LibraryImport(Library)]
    public static partial int init_pair(short number, Colour foreground, Colour background);

    [LibraryImport(Library)]
    public static partial nint newpad(int rows, int columns);

    [LibraryImport(Library)]
    public static partial void wtimeout(nint window, int milliseconds);

    [LibraryImport(Library)]
    public static partial int wgetch(nint window);

    [LibraryImport(Library)]
    public static partial int flushinp();

    [LibraryImport(Library)]
    public static partial int werase(nint window);

    [LibraryImport(Library)]
    public static partial int wmove(nint window, int row, int column);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int waddnstr(nint window, string text, int length);

    [LibraryImport(Library)]
    public static partial int waddch(nint window, uint character);

    [LibraryImport(Library)]
    public static partial int whline(nint window, uint character, int count);

    [LibraryImport(Library)]
    public static partial int wvline(nint window, uint character, int count);

    [LibraryImport(Library)]
    public static partial int wattrset(nint window, int attributes);

    [LibraryImport(Library)]
    public static partial int wrefresh(nint window);

    [LibraryImport(Library)]
    public static partial int clearok(nint window, byte on);

    [LibraryImport(Library)]
    public static partial int beep();

    [LibraryImport(Library)]
    public static partial int getmaxx(nint window);

    [LibraryImport(Library)]
    public static partial int getmaxy(nint window);

    [LibraryImport(Library)]
    public static partial int resizeterm(int rows, int columns);
}

using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gatehouse.Core.Values;

namespace Gatehouse.Tui.Drawing;

/// <summary>
/// The terminal as curses drives it: it knows the terminals, and sends only what has changed. Open it after registering
/// for POSIX signals, or curses takes some of them; and do not use .NET's Console while it is open.
/// </summary>
internal sealed class CursesSurface : Surface
{
    private const int WidestScreen = 400;
    private const int HighestScreen = 200;
    private const string PasteOn = "\e[?2004h";
    private const string PasteOff = "\e[?2004l";

    /// <summary>Terminals that tell where a paste begins and ends. To others the request could be garbage on the screen.</summary>
    private static readonly string[] TellPastes =
    [
        "xterm",
        "screen",
        "tmux",
        "rxvt",
        "alacritty",
        "foot",
        "gnome",
        "kitty",
        "konsole",
        "mintty",
        "putty",
        "st-",
        "vte",
        "wezterm",
    ];

    /// <summary>How often the size is looked at. A signal would tell sooner, if nothing else in the process had taken it.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200);

    /// <summary>Holds drawing and the crash handler's restoring apart, which come from different threads.</summary>
    private readonly Lock gate = new();
    private readonly Queue<Press> ahead = [];
    private readonly bool utf8;
    private readonly bool tellsPastes;
    private readonly nint screen;
    private readonly nint keys;
    private readonly Keyboard keyboard;
    private readonly CursesLooks looks;
    private readonly string clear = Curses.ClearOnlyScreen();
    private (int X, int Y) cursor;
    private (int Width, int Height)? reported;
    private long looked;
    private bool hungUp;
    private bool lent;
    private volatile bool closed;
    private int width;
    private int height;

    private CursesSurface(string terminal, bool utf8)
    {
        this.utf8 = utf8;
        tellsPastes = TellPastes.Any(name => terminal.StartsWith(name, StringComparison.Ordinal));
        screen = Curses.Screen();
        _ = Curses.raw();
        _ = Curses.noecho();
        _ = Curses.nonl();
        // Long enough for a sequence that a slow line takes apart, short enough for the key of that name.
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("ESCDELAY")))
            _ = Curses.set_escdelay(200);
        // Reading from the screen's own window would paint it first, however many keys are waiting.
        keys = Curses.newpad(1, 1);
        _ = Curses.keypad(keys, 1);
        // After that, or the terminal's description takes precedence.
        foreach (var (sequence, code) in Keyboard.Sequences())
            _ = Curses.define_key(sequence, code);
        Curses.wtimeout(keys, 0);
        keyboard = new(() => Curses.wgetch(keys), time => Terminal.Wait(time) == Terminal.Input.Ready);
        looks = new();
        reported = Terminal.Size();
        looked = Stopwatch.GetTimestamp();
        Measure();
        Pastes(on: true);
        AppDomain.CurrentDomain.UnhandledException += OnEnd;
        AppDomain.CurrentDomain.ProcessExit += OnEnd;
    }

    /// <inheritdoc/>
    public override int Width => width;

    /// <inheritdoc/>
    public override int Height => height;

    /// <inheritdoc/>
    public override bool Pending
    {
        get
        {
            lock (gate)
            {
                if (ahead.Count == 0 && ReadNow() is { } press)
                    ahead.Enqueue(press);
                return ahead.Count > 0;
            }
        }
    }

    /// <summary>Takes the terminal; null when there is none or it cannot show a screen, or curses is not installed.</summary>
    public static CursesSurface? TryOpen()
    {
        var terminal = Environment.GetEnvironmentVariable("TERM");
        if (terminal is null or "" or "dumb" or "unknown" || !Terminal.IsThere())
            return null;
        try
        {
            var utf8 = Terminal.UseLocale();
            // Lines are drawn in UTF-8 where the locale has it: not every terminal that says it has the old way does.
            Terminal.SetVariable("NCURSES_NO_UTF8_ACS", "1");
            if (Terminal.Size() is { } size && (size.Width > WidestScreen || size.Height > HighestScreen))
            {
                // Curses counts in 16 bits, with a sign, and takes these before what the terminal reports.
                Terminal.SetVariable("COLUMNS", $"{Math.Min(size.Width, WidestScreen)}");
                Terminal.SetVariable("LINES", $"{Math.Min(size.Height, HighestScreen)}");
            }

            if (!Curses.KnowsTerminal() || !Curses.Start())
                return null;
            // Curses would take any size at once.
            Terminal.LeaveSizeSignal();
            return new CursesSurface(terminal, utf8);
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override void Clear() => Do(() => _ = Curses.werase(screen));

    /// <inheritdoc/>
    public override void Put(int x, int y, string text, Look look = Look.Plain) =>
        Do(() =>
        {
            if (y < 0 || y >= height)
                return;
            _ = Curses.wattrset(screen, looks.Of(look));
            var run = new StringBuilder();
            var start = x;
            for (var at = 0; at < text.Length; )
            {
                var element = text.AsSpan(at, StringInfo.GetNextTextElementLength(text, at));
                at += element.Length;
                var (shown, columns) = Shown(element);
                if (x + columns > width)
                    break;
                // What is not ASCII is placed by itself: should terminal and table disagree on it, the rest stays in line.
                if (x < 0 || shown.Length > 1 || shown is [> '~'])
                {
                    Write(start, y, run);
                    if (x >= 0)
                        Write(x, y, run.Append(shown));
                    start = x + columns;
                }
                else
                {
                    run.Append(shown);
                }

                x += columns;
            }

            Write(start, y, run);
        });

    /// <inheritdoc/>
    public override void Box(int x, int y, int width, int height) =>
        Do(() =>
        {
            if (width < 2 || height < 2)
                return;
            _ = Curses.wattrset(screen, 0);
            for (var row = y + 1; row < y + height - 1; row++)
                Across(x + 1, row, width - 2, ' ');
            // 0 is the terminal's own line.
            Across(x + 1, y, width - 2, 0);
            Across(x + 1, y + height - 1, width - 2, 0);
            Down(x, y + 1, height - 2);
            Down(x + width - 1, y + 1, height - 2);
            Corner(x, y, 'l');
            Corner(x + width - 1, y, 'k');
            Corner(x, y + height - 1, 'm');
            Corner(x + width - 1, y + height - 1, 'j');
        });

    /// <inheritdoc/>
    public override void Cursor(int x, int y) => cursor = (x, y);

    /// <inheritdoc/>
    public override void Flush() =>
        Do(() =>
        {
            // Last of all, for whatever is drawn takes the cursor along; readers of braille and speech follow it.
            _ = Curses.wmove(screen, Math.Clamp(cursor.Y, 0, height - 1), Math.Clamp(cursor.X, 0, width - 1));
            _ = Curses.wrefresh(screen);
        });

    /// <inheritdoc/>
    public override void Bell() => Do(() => _ = Curses.beep());

    /// <inheritdoc/>
    public override void Forget() =>
        Do(() =>
        {
            ahead.Clear();
            keyboard.Forget();
            _ = Curses.flushinp();
        });

    /// <inheritdoc/>
    public override Press Next(TimeSpan timeout)
    {
        var start = Stopwatch.GetTimestamp();
        for (var barren = 0; ; )
        {
            long taken;
            lock (gate)
            {
                if (ReadNow() is { } press)
                    return press;
                taken = keyboard.Taken;
            }

            var left = timeout == Timeout.InfiniteTimeSpan ? Slice : timeout - Stopwatch.GetElapsedTime(start);
            if (left < TimeSpan.Zero)
                left = TimeSpan.Zero;
            var input = Terminal.Wait(left < Slice ? left : Slice);
            if (input == Terminal.Input.Nothing && left == TimeSpan.Zero)
                return new(Key.None);
            lock (gate)
            {
                if (ReadNow() is { } press)
                    return press;
                // Ready without anything to read, again and again, is the end of input.
                barren = input == Terminal.Input.Ready && keyboard.Taken == taken ? barren + 1 : 0;
                hungUp = input == Terminal.Input.Gone || barren >= 5;
            }
        }
    }

    /// <inheritdoc/>
    public override void Lend(Action use)
    {
        Do(() =>
        {
            lent = true;
            Leave();
        });
        try
        {
            use();
        }
        finally
        {
            lock (gate)
            {
                lent = false;
                if (!closed)
                {
                    Pastes(on: true);
                    _ = Curses.clearok(screen, 1);
                    _ = Curses.wrefresh(screen);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        AppDomain.CurrentDomain.UnhandledException -= OnEnd;
        AppDomain.CurrentDomain.ProcessExit -= OnEnd;
        // A crash must not wait for ever for a thread that will not go on.
        var entered = gate.TryEnter(TimeSpan.FromSeconds(1));
        try
        {
            if (closed)
                return;
            closed = true;
            if (!lent)
                Leave();
        }
        finally
        {
            if (entered)
                gate.Exit();
        }
    }

    private void OnEnd(object? sender, EventArgs e) => Dispose();

    /// <summary>Does something with the screen, unless it is given back.</summary>
    private void Do(Action action)
    {
        lock (gate)
        {
            if (!closed && !lent)
                action();
        }
    }

    private void Leave()
    {
        Pastes(on: false);
        _ = Curses.endwin();
        Terminal.Write(clear);
    }

    private void Pastes(bool on)
    {
        if (tellsPastes)
            Terminal.Write(on ? PasteOn : PasteOff);
    }

    /// <summary>What is there without waiting.</summary>
    private Press? ReadNow()
    {
        if (closed || hungUp)
            return new(Key.HangUp);
        if (ahead.TryDequeue(out var press))
            return press;
        if (SizeChanged())
            return new(Key.Repaint);
        var read = keyboard.Read();
        if (read?.Key == Key.Repaint)
            _ = Curses.clearok(screen, 1);
        return read;
    }

    private bool SizeChanged()
    {
        if (Stopwatch.GetElapsedTime(looked) < Slice)
            return false;
        looked = Stopwatch.GetTimestamp();
        if (Terminal.Size() is not { } size || size == reported)
            return false;
        reported = size;
        Resize(size.Width, size.Height);
        Measure();
        _ = Curses.clearok(screen, 1);
        return true;
    }

    private void Measure() => (width, height) = (Curses.getmaxx(screen), Curses.getmaxy(screen));

    /// <summary>A size that no screen has is a mistake of the line's.</summary>
    private void Resize(int toWidth, int toHeight)
    {
        _ = Curses.resizeterm(Math.Min(toHeight, HighestScreen), Math.Min(toWidth, WidestScreen));
        // It leaves word of itself among the keys.
        var code = Curses.wgetch(keys);
        if (code != Keyboard.Resized)
            keyboard.Return(code);
    }

    private void Write(int x, int y, StringBuilder run)
    {
        if (run.Length > 0 && Curses.wmove(screen, y, x) != Curses.Failed)
            _ = Curses.waddnstr(screen, run.ToString(), -1);
        run.Clear();
    }

    private void Across(int x, int y, int count, uint character)
    {
        var from = Math.Max(x, 0);
        count = Math.Min(x + count, width) - from;
        if (count > 0 && y >= 0 && Curses.wmove(screen, y, from) != Curses.Failed)
            _ = Curses.whline(screen, character, count);
    }

    private void Down(int x, int y, int count)
    {
        var from = Math.Max(y, 0);
        count = Math.Min(y + count, height) - from;
        if (count > 0 && x >= 0 && Curses.wmove(screen, from, x) != Curses.Failed)
            _ = Curses.wvline(screen, 0, count);
    }

    private void Corner(int x, int y, char letter)
    {
        if (x >= 0 && y >= 0 && Curses.wmove(screen, y, x) != Curses.Failed)
            _ = Curses.waddch(screen, Curses.Line(letter));
    }

    /// <summary>A character with its marks as the terminal can show it, and the columns that it takes in any case.</summary>
    private (string Shown, int Columns) Shown(ReadOnlySpan<char> element)
    {
        if (element is [>= ' ' and <= '~'])
            return (element.ToString(), 1);
        var shown = new StringBuilder();
        var total = 0;
        foreach (var rune in element.EnumerateRunes())
        {
            var columns = TextWidth.Of(rune);
            total += columns;
            var known = utf8 && !TextWidth.Unshowable(rune) && Terminal.Columns(rune.Value) == columns;
            // Joiners and variation selectors make some terminals redraw what stands before them in another width.
            if (columns == 0 && (shown.Length == 0 || !known || Joins(rune)))
                continue;
            if (known)
                shown.Append(rune.ToString());
            else
                shown.Append('?', columns);
        }

        return (shown.ToString(), total);
    }

    private static bool Joins(Rune rune) =>
        rune.Value is >= 0xfe00 and <= 0xfe0f || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;
}

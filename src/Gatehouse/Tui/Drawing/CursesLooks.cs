namespace Gatehouse.Tui.Drawing;

/// <summary>
/// Looks as attributes of curses. The background stays the terminal's own: painting it costs seconds on a serial line, and
/// nobody knows whether it is dark or light. What has the focus is set off without colour too.
/// </summary>
internal sealed class CursesLooks
{
    private const int RedPair = 1;
    private const int GreenPair = 2;
    private const int EntryPair = 3;
    private readonly bool colours;

    /// <summary>Asks the terminal, and the user: NO_COLOR means none.</summary>
    public CursesLooks()
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || Curses.has_colors() == 0)
            return;
        if (Curses.start_color() == Curses.Failed || Curses.use_default_colors() == Curses.Failed)
            return;
        _ = Curses.init_pair(RedPair, Curses.Colour.Red, Curses.Colour.Default);
        _ = Curses.init_pair(GreenPair, Curses.Colour.Green, Curses.Colour.Default);
        _ = Curses.init_pair(EntryPair, Curses.Colour.White, Curses.Colour.Blue);
        colours = true;
    }

    /// <summary>The attributes of a look.</summary>
    public int Of(Look look) =>
        look switch
        {
            Look.Bold => Curses.Bold,
            Look.Bar or Look.Chosen => Curses.Reverse,
            // Without a colour: a Linux console cannot underline in one.
            Look.Entry => Curses.Underline,
            Look.EntryNow => colours ? Curses.Bold | Curses.Pair(EntryPair) : Curses.Reverse,
            Look.Error => colours ? Curses.Bold | Curses.Pair(RedPair) : Curses.Bold,
            Look.Good => colours ? Curses.Bold | Curses.Pair(GreenPair) : Curses.Bold,
            // Help is long, and no colour is easy to read on both black and white.
            _ => 0,
        };
}

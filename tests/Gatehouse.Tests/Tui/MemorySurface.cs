using System.Globalization;
using System.Text;
using Gatehouse.Core.Values;
using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tests.Tui;

/// <summary>A surface in memory: keys come from a script, what is drawn can be read.</summary>
internal sealed class MemorySurface(int width = 80, int height = 24) : Surface
{
    private string[,] cells = Blank(width, height);
    private string[,] shown = Blank(width, height);
    private (int X, int Y) cursor;
    private Press? ahead;
    private int taken;

    /// <summary>The keys; when they are used up, the terminal is gone.</summary>
    public IEnumerator<Press> Script { get; set; } = Enumerable.Empty<Press>().GetEnumerator();

    public override int Width => shown.GetLength(1);

    public override int Height => shown.GetLength(0);

    public int Bells { get; private set; }

    public int Paintings { get; private set; }

    /// <summary>Where the cursor was when the screen was painted last.</summary>
    public (int X, int Y) CursorShown { get; private set; }

    /// <summary>Paints only every so many keys, as when keys come faster than they are painted.</summary>
    public int Haste { get; init; } = 1;

    public override bool Pending => Haste > 1 && taken++ % Haste != 0;

    /// <summary>What is on the screen, a line a row.</summary>
    public string Frame
    {
        get
        {
            var text = new StringBuilder();
            for (var y = 0; y < Height; y++)
            {
                var line = new StringBuilder();
                for (var x = 0; x < Width; x++)
                    line.Append(shown[y, x]);
                text.Append(line.ToString().TrimEnd()).Append('\n');
            }

            return text.ToString();
        }
    }

    public bool Shows(string text) => Frame.Contains(text, StringComparison.Ordinal);

    public void Resize(int columns, int rows)
    {
        cells = Blank(columns, rows);
        shown = Blank(columns, rows);
    }

    public override void Clear() => cells = Blank(Width, Height);

    public override void Put(int x, int y, string text, Look look = Look.Plain)
    {
        if (y < 0 || y >= Height)
            return;
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
        {
            var element = elements.GetTextElement();
            var columns = TextWidth.Of(element);
            if (columns > 0 && x >= 0 && x + columns <= Width)
            {
                cells[y, x] = element;
                if (columns == 2)
                    cells[y, x + 1] = "";
            }

            x += columns;
        }
    }

    public override void Box(int x, int y, int width, int height)
    {
        for (var row = 0; row < height; row++)
        for (var column = 0; column < width; column++)
        {
            var edge = (row == 0 || row == height - 1, column == 0 || column == width - 1);
            Put(
                x + column,
                y + row,
                edge switch
                {
                    (true, true) => "+",
                    (true, false) => "-",
                    (false, true) => "|",
                    _ => " ",
                }
            );
        }
    }

    public override void Cursor(int x, int y) => cursor = (x, y);

    public override void Flush()
    {
        shown = (string[,])cells.Clone();
        CursorShown = cursor;
        Paintings++;
    }

    public override Press Next(TimeSpan timeout)
    {
        if (ahead is { } press)
        {
            ahead = null;
            return press;
        }

        return Script.MoveNext() ? Script.Current : new Press(Key.HangUp);
    }

    public override void Forget() => ahead = null;

    public override void Bell() => Bells++;

    public override void Lend(Action use) => use();

    public override void Dispose() { }

    private static string[,] Blank(int width, int height)
    {
        var grid = new string[height, width];
        for (var y = 0; y < height; y++)
        for (var x = 0; x < width; x++)
            grid[y, x] = " ";
        return grid;
    }
}

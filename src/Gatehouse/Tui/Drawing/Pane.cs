using Gatehouse.Core.Values;

namespace Gatehouse.Tui.Drawing;

/// <summary>A window onto a part of the surface: rows beyond its height are not shown, and it can be scrolled.</summary>
/// <param name="Surface">What is drawn on.</param>
/// <param name="Left">Column of its left edge on the surface.</param>
/// <param name="Top">Row of its upper edge on the surface.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows that show.</param>
/// <param name="Scroll">The row of the content that shows first.</param>
internal readonly record struct Pane(Surface Surface, int Left, int Top, int Width, int Height, int Scroll = 0)
{
    /// <summary>Writes a text at a row of the content, cut off at the right edge.</summary>
    public void Put(int x, int row, string text, Look look = Look.Plain)
    {
        if (IsVisible(row) && x < Width)
            Surface.Put(Left + x, Top + row - Scroll, TextWidth.Fit(text, Width - x), look);
    }

    /// <summary>Rests the cursor at a place of the content.</summary>
    public void Cursor(int x, int row)
    {
        if (IsVisible(row))
            Surface.Cursor(Left + Math.Clamp(x, 0, Math.Max(0, Width - 1)), Top + row - Scroll);
    }

    /// <summary>A part of this pane that begins at a place of its content.</summary>
    public Pane Part(int x, int row, int width) =>
        new(Surface, Left + x, Top, Math.Max(0, Math.Min(width, Width - x)), Height, Scroll - row);

    private bool IsVisible(int row) => row >= Scroll && row < Scroll + Height;
}

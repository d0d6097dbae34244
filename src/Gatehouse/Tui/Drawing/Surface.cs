namespace Gatehouse.Tui.Drawing;

/// <summary>
/// A grid of characters to draw on, and the keys that come back. Everything is drawn anew for every event; the surface
/// sends only what has changed. What lies outside the grid is cut off without a word.
/// </summary>
internal abstract class Surface : IDisposable
{
    /// <summary>Columns.</summary>
    public abstract int Width { get; }

    /// <summary>Rows.</summary>
    public abstract int Height { get; }

    /// <summary>Empties the grid.</summary>
    public abstract void Clear();

    /// <summary>Writes a text; wide characters take two columns. Control characters are shown as '?'.</summary>
    public abstract void Put(int x, int y, string text, Look look = Look.Plain);

    /// <summary>Draws a frame and empties what is inside it.</summary>
    public abstract void Box(int x, int y, int width, int height);

    /// <summary>Where the cursor rests. It is always visible: screen readers and braille lines follow it.</summary>
    public abstract void Cursor(int x, int y);

    /// <summary>Sends what has changed to the terminal.</summary>
    public abstract void Flush();

    /// <summary>Waits for a key. A change of size comes as <see cref="Key.Repaint"/> within a quarter of a second.</summary>
    /// <param name="timeout">How long to wait before <see cref="Key.None"/>.</param>
    public abstract Press Next(TimeSpan timeout);

    /// <summary>Whether more keys are waiting: a paste or type-ahead, for which painting can wait.</summary>
    public abstract bool Pending { get; }

    /// <summary>Throws away what was typed ahead, before a question that nobody should answer unread.</summary>
    public abstract void Forget();

    /// <summary>Beeps.</summary>
    public abstract void Bell();

    /// <summary>Gives the terminal back as it was found while something else uses it, then takes it again.</summary>
    public abstract void Lend(Action use);

    /// <summary>Puts the terminal back as it was found.</summary>
    public abstract void Dispose();
}

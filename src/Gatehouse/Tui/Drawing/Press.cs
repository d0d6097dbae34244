namespace Gatehouse.Tui.Drawing;

/// <summary>What a key means, whatever bytes the terminal sent for it.</summary>
internal enum Key
{
    /// <summary>Nothing was pressed in the time given.</summary>
    None,

    /// <summary>Characters, in <see cref="Press.Text"/>.</summary>
    Text,

    /// <summary>Go on; a line break inside a paste.</summary>
    Enter,

    /// <summary>To the next field.</summary>
    Tab,

    /// <summary>Shift-Tab: to the field before.</summary>
    BackTab,

    /// <summary>Arrow up.</summary>
    Up,

    /// <summary>Arrow down.</summary>
    Down,

    /// <summary>Arrow left.</summary>
    Left,

    /// <summary>Arrow right.</summary>
    Right,

    /// <summary>Home, or Ctrl-A.</summary>
    Home,

    /// <summary>End, or Ctrl-E.</summary>
    End,

    /// <summary>Page up, or Ctrl-B.</summary>
    PageUp,

    /// <summary>Page down, or Ctrl-F.</summary>
    PageDown,

    /// <summary>Takes the character before the cursor away.</summary>
    Backspace,

    /// <summary>Takes the character under the cursor away; Ctrl-D too.</summary>
    Delete,

    /// <summary>Ctrl-U: takes the whole line away.</summary>
    Kill,

    /// <summary>F1: help.</summary>
    Help,

    /// <summary>F2: the list of steps.</summary>
    Steps,

    /// <summary>F3: the log.</summary>
    Log,

    /// <summary>Esc, F10 or Ctrl-C: back out.</summary>
    Escape,

    /// <summary>The size has changed, or Ctrl-L asked to draw everything anew.</summary>
    Repaint,

    /// <summary>A paste begins, where the terminal tells (bracketed paste).</summary>
    PasteBegin,

    /// <summary>The paste is over.</summary>
    PasteEnd,

    /// <summary>The terminal is gone.</summary>
    HangUp,
}

/// <summary>One key.</summary>
/// <param name="Key">What it means.</param>
/// <param name="Text">The character, for <see cref="Key.Text"/>: one code point, never a control character.</param>
internal readonly record struct Press(Key Key, string Text = "")
{
    /// <summary>A character.</summary>
    public static Press Of(string text) => new(Key.Text, text);
}

using System.Globalization;

namespace Gatehouse.Tui.Drawing;

/// <summary>One line of text with a cursor in it, which moves over characters as people see them.</summary>
internal sealed class TextLine
{
    /// <summary>Longer input is not taken: no field has room for it, and a runaway paste must not fill the memory.</summary>
    public const int Longest = 4096;

    private string text;

    public TextLine(string text)
    {
        this.text = text;
        Caret = text.Length;
    }

    /// <summary>The text. Setting it puts the cursor behind it.</summary>
    public string Text
    {
        get => text;
        set
        {
            if (text == value)
                return;
            text = value;
            Caret = value.Length;
        }
    }

    /// <summary>The cursor, as an index into the text.</summary>
    public int Caret { get; private set; }

    /// <summary>What stands before the cursor.</summary>
    public string Before => text[..Caret];

    /// <summary>Breaks the line at the cursor: the rest is cut off and returned.</summary>
    public string Cut()
    {
        var rest = text[Caret..];
        text = text[..Caret];
        return rest;
    }

    /// <summary>Appends a text; the cursor stays between the two.</summary>
    public void Join(string rest)
    {
        Caret = text.Length;
        text += rest;
    }

    /// <summary>Takes an editing key; false when it is none, or does nothing here.</summary>
    public bool On(Press press)
    {
        switch (press.Key)
        {
            case Key.Text:
                if (text.Length + press.Text.Length <= Longest)
                {
                    text = text.Insert(Caret, press.Text);
                    Caret += press.Text.Length;
                }

                return true;
            case Key.Backspace when Caret > 0:
                var start = Previous();
                text = text.Remove(start, Caret - start);
                Caret = start;
                return true;
            case Key.Delete when Caret < text.Length:
                text = text.Remove(Caret, StringInfo.GetNextTextElementLength(text, Caret));
                return true;
            case Key.Kill when text.Length > 0:
                Text = "";
                return true;
            case Key.Left when Caret > 0:
                Caret = Previous();
                return true;
            case Key.Right when Caret < text.Length:
                Caret += StringInfo.GetNextTextElementLength(text, Caret);
                return true;
            case Key.Home:
                Caret = 0;
                return true;
            case Key.End:
                Caret = text.Length;
                return true;
            default:
                return press.Key is Key.Backspace or Key.Delete or Key.Kill or Key.Left or Key.Right;
        }
    }

    private int Previous()
    {
        var at = 0;
        while (at + StringInfo.GetNextTextElementLength(text, at) is var next && next < Caret)
            at = next;
        return at;
    }
}

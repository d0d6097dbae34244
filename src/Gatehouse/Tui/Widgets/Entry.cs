using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Widgets;

/// <summary>One line to write in.</summary>
internal class Entry(Field field) : FieldWidget(field)
{
    private readonly TextLine line = new("");
    private int scrolled;

    /// <summary>What is written.</summary>
    public string Text
    {
        get => line.Text;
        set => line.Text = value;
    }

    /// <summary>How many columns the kind of value needs at most.</summary>
    public static int Room(Field field) =>
        field.Kind.Name switch
        {
            "port" or "integer" or "number" or "size" or "duration" => 12,
            "address" or "cidr" => 43,
            _ => 48,
        };

    /// <inheritdoc/>
    public override void Load(Interview interview) => line.Text = interview.Text(Field);

    /// <inheritdoc/>
    public override void Store(Interview interview) => interview.Enter(Field, line.Text);

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused) =>
        scrolled = EntryLine.Draw(pane, 0, Math.Min(pane.Width, Room(Field)), Shown(line.Text), Shown(line.Before), focused, scrolled);

    /// <inheritdoc/>
    public override bool On(Press press) => line.On(press);

    /// <summary>A text as it is shown.</summary>
    protected virtual string Shown(string text) => text;
}

/// <summary>Draws a line to write in, scrolled sideways so that the cursor shows.</summary>
internal static class EntryLine
{
    /// <summary>Draws one row of a pane; returns how far it is scrolled.</summary>
    /// <param name="pane">Where.</param>
    /// <param name="row">The row.</param>
    /// <param name="width">Columns of the line.</param>
    /// <param name="text">What is written.</param>
    /// <param name="before">What of it stands before the cursor.</param>
    /// <param name="focused">Whether the cursor is in this line.</param>
    /// <param name="scrolled">How many characters were scrolled away before.</param>
    public static int Draw(Pane pane, int row, int width, string text, string before, bool focused, int scrolled)
    {
        width = Math.Max(2, width);
        // Where all of it fits again, as on a screen that has grown, all of it shows.
        if (!focused || TextWidth.Of(text) < width)
            scrolled = 0;
        scrolled = Math.Min(scrolled, before.Length);
        if (before.Length - scrolled > 4 * width)
            scrolled = before.Length - 4 * width;
        while (TextWidth.Of(before[scrolled..]) > width - 1)
            scrolled++;
        var visible = TextWidth.Fit(text[scrolled..], width);
        var fill = new string('_', width - TextWidth.Of(visible));
        pane.Put(0, row, visible + fill, focused ? Look.EntryNow : Look.Entry);
        if (focused)
            pane.Cursor(TextWidth.Of(before[scrolled..]), row);
        return scrolled;
    }
}

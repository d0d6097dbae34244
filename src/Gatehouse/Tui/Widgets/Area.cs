using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Widgets;

/// <summary>Lines to write in: a list with an item, or a table with a row, in each. Whatever is pasted lands here as it is.</summary>
internal sealed class Area(Field field) : FieldWidget(field)
{
    private const int MostShown = 6;
    private List<TextLine> lines = [new("")];
    private int current;
    private int first;
    private int scrolled;
    private bool pasting;

    /// <inheritdoc/>
    public override int Rows => Heading + Shown;

    /// <inheritdoc/>
    public override int FocusRow => Heading + current - first;

    /// <inheritdoc/>
    public override string Keys => "Enter New line";

    private int Heading => Field.IsTable ? 1 : 0;

    private int Shown => Math.Clamp(lines.Count, Field.IsTable ? 2 : 1, MostShown);

    private string Text => string.Join('\n', lines.Select(l => l.Text));

    /// <inheritdoc/>
    public override void Load(Interview interview)
    {
        var text = interview.Text(Field);
        if (text == Text)
            return;
        lines = [.. text.Split('\n').Select(l => new TextLine(l))];
        current = Math.Min(current, lines.Count - 1);
        first = Math.Min(first, Math.Max(0, lines.Count - Shown));
    }

    /// <inheritdoc/>
    public override void Store(Interview interview) => interview.Enter(Field, Text);

    /// <inheritdoc/>
    public override void Enter(bool fromBelow) => current = fromBelow ? lines.Count - 1 : Math.Min(current, lines.Count - 1);

    /// <inheritdoc/>
    public override int RowOf(string path)
    {
        var line = FieldText.LineOf(Field, Text, path);
        return Heading + Math.Clamp(line - first, 0, Shown - 1);
    }

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused)
    {
        var width = Math.Min(pane.Width, Field.IsTable ? 72 : 48);
        first = Math.Clamp(first, Math.Max(0, current - Shown + 1), current);
        if (Field.IsTable)
            pane.Put(0, 0, string.Join("  ", Field.TypedColumns.Select(c => c.Label)), Look.Note);
        for (var i = 0; i < Shown; i++)
        {
            var index = first + i;
            var here = focused && index == current;
            var line = index < lines.Count ? lines[index] : null;
            var at = EntryLine.Draw(pane, Heading + i, width - 2, line?.Text ?? "", here ? line!.Before : "", here, here ? scrolled : 0);
            if (here)
                scrolled = at;
        }

        if (first > 0)
            pane.Put(width - 1, Heading, "^", Look.Bold);
        if (first + Shown < lines.Count)
            pane.Put(width - 1, Heading + Shown - 1, "v", Look.Bold);
    }

    /// <inheritdoc/>
    public override bool On(Press press)
    {
        var line = lines[current];
        switch (press.Key)
        {
            case Key.PasteBegin or Key.PasteEnd:
                pasting = press.Key == Key.PasteBegin;
                return true;
            // On an empty line, and not inside a paste, there is nothing to break: it goes on to the next field.
            case Key.Enter when line.Text.Length == 0 && !pasting:
                return false;
            case Key.Enter:
                lines.Insert(++current, new TextLine(line.Cut()));
                lines[current].On(new Press(Key.Home));
                return true;
            case Key.Up when current > 0:
                current--;
                return true;
            case Key.Down when current < lines.Count - 1:
                current++;
                return true;
            case Key.Backspace when line.Caret == 0 && current > 0:
                lines.RemoveAt(current--);
                lines[current].Join(line.Text);
                return true;
            case Key.Delete when line.Caret == line.Text.Length && current < lines.Count - 1:
                var next = lines[current + 1].Text;
                lines.RemoveAt(current + 1);
                line.Join(next);
                return true;
            case Key.Kill when line.Text.Length == 0 && lines.Count > 1:
                RemoveCurrent();
                return true;
            default:
                return line.On(press);
        }
    }

    private void RemoveCurrent()
    {
        lines.RemoveAt(current);
        current = Math.Min(current, lines.Count - 1);
    }
}

using Gatehouse.Core.Values;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Widgets;

namespace Gatehouse.Tui.Pages;

/// <summary>A line of text to show, or a drawing of several.</summary>
internal readonly record struct TextRow(string Text, Look Look = Look.Plain)
{
    /// <summary>Draws for a width; null for text, which goes on in the next line where it ends.</summary>
    public Func<int, IEnumerable<string>>? Drawing { get; init; }

    /// <summary>What it takes of a page of a width.</summary>
    public IEnumerable<TextRow> Lines(int width)
    {
        var look = Look;
        return (Drawing?.Invoke(width) ?? Words.Wrap(Text, width)).Select(l => new TextRow(l, look));
    }

    public static implicit operator TextRow(string text) => new(text);
}

/// <summary>Text to read, with buttons below: a dialog over what is there. It scrolls when it does not fit.</summary>
internal class TextPage(string title, IEnumerable<TextRow> text, string[] buttons, int preferred = 0) : Page
{
    private readonly Buttons buttons = new(buttons, preferred);
    private TextRow[] text = [.. text];
    private int first;
    private int room = 1;
    private int total;

    /// <summary>The button that was taken; -1 for Esc.</summary>
    public int Answer { get; private set; } = -1;

    /// <summary>Whether it takes the whole screen instead of what the text needs.</summary>
    public bool IsWide { get; init; }

    /// <summary>Puts other text in its place.</summary>
    public void Replace(IEnumerable<TextRow> other) => text = [.. other];

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var most = Math.Max(10, Math.Min(surface.Width - 4, IsWide ? 200 : 72));
        var lines = Lines(most - 4);
        var longest = lines.Length == 0 ? 0 : lines.Max(l => TextWidth.Of(l.Text));
        var row = buttons.Labels.Sum(l => l.Length + 4);
        var width = IsWide ? most : Math.Min(most, Math.Max(Math.Max(longest, row), title.Length + 4) + 4);
        var height = Math.Min(surface.Height - (surface.Height < 14 ? 0 : 2), IsWide ? 200 : lines.Length + 4);
        int left = (surface.Width - width) / 2,
            top = (surface.Height - height) / 2;
        surface.Box(left, top, width, height);
        surface.Put(left + 2, top, TextWidth.Fit($" {title} ", width - 4), Look.Bold);
        var inner = new Pane(surface, left + 2, top + 1, width - 4, height - 2);
        room = Math.Max(1, inner.Height - (inner.Height > 3 ? 2 : 1));
        total = lines.Length;
        first = Math.Clamp(first, 0, Math.Max(0, total - room));
        for (var i = 0; i < room && first + i < total; i++)
            inner.Put(0, i, lines[first + i].Text, lines[first + i].Look);
        if (first > 0)
            surface.Put(left + width - 2, top + 1, "^", Look.Bold);
        if (first + room < total)
            surface.Put(left + width - 2, top + room, "v", Look.Bold);
        buttons.Draw(inner.Part(0, inner.Height - 1, inner.Width), true);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        switch (press.Key)
        {
            case Key.Escape:
                IsClosed = true;
                break;
            case Key.Enter:
                Answer = buttons.Current;
                IsClosed = true;
                break;
            case Key.Up:
                first--;
                break;
            case Key.Down:
                first++;
                break;
            case Key.PageUp:
                first -= room;
                break;
            case Key.PageDown:
                first += room;
                break;
            case Key.Home:
                first = 0;
                break;
            case Key.End:
                first = total;
                break;
            default:
                buttons.On(press);
                break;
        }
    }

    private TextRow[] Lines(int width) => [.. text.SelectMany(t => t.Lines(width))];
}

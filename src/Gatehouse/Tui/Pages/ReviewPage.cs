using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Widgets;

namespace Gatehouse.Tui.Pages;

/// <summary>A whole page of text inside the frame, with buttons below.</summary>
/// <param name="title">Title.</param>
/// <param name="host">The host.</param>
/// <param name="steps">The column of steps.</param>
/// <param name="buttons">The buttons.</param>
/// <param name="preferred">The one with the focus first.</param>
/// <param name="text">The text.</param>
/// <param name="take">Takes a button by its label, or "Esc", "F1", "F2", "F3" for those keys, with the page still on the screen; true
/// closes the page.</param>
internal sealed class ReviewPage(
    string title,
    string host,
    Func<IReadOnlyList<StepMark>> steps,
    string[] buttons,
    int preferred,
    IEnumerable<TextRow> text,
    Func<string, bool> take
) : Page
{
    private readonly Buttons buttons = new(buttons, preferred);
    private readonly TextRow[] text = [.. text];
    private int first;
    private int room = 1;
    private int total;

    /// <summary>What else the keys do.</summary>
    public string Keys { get; init; } = "Esc Quit";

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var inner = Frame.Draw(surface, host, title, steps(), $"Up/Down Scroll  Left/Right Button  {Keys}");
        var lines = text.SelectMany(t => t.Lines(inner.Width - 2)).ToArray();
        total = lines.Length;
        room = Math.Max(1, inner.Height - (inner.Height > 6 ? 2 : 1));
        first = Math.Clamp(first, 0, Math.Max(0, total - room));
        for (var i = 0; i < room && first + i < total; i++)
            inner.Put(0, i, lines[first + i].Text, lines[first + i].Look);
        if (first > 0)
            inner.Put(inner.Width - 1, 0, "^", Look.Bold);
        if (first + room < total)
            inner.Put(inner.Width - 1, room - 1, "v", Look.Bold);
        buttons.Draw(inner.Part(0, inner.Height - 1, inner.Width), true);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        switch (press.Key)
        {
            case Key.Escape:
                IsClosed = take("Esc");
                break;
            case Key.Help:
                IsClosed = take("F1");
                break;
            case Key.Steps:
                IsClosed = take("F2");
                break;
            case Key.Log:
                IsClosed = take("F3");
                break;
            case Key.Enter:
                IsClosed = take(buttons.Labels[buttons.Current]);
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
}

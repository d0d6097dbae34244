using Gatehouse.Tui.Widgets;

namespace Gatehouse.Tui.Pages;

/// <summary>A whole page of text inside the frame, with buttons below.</summary>
/// <param name="title">Title.</param>
/// <param name="host">The host.</param>
/// <param name="steps">The column of steps.</param>
/// <param name="buttons">The buttons.</param>
/// <param name="preferred">The one with the focus first.</param>
internal class ReviewPage(string title, string host, Func<IReadOnlyList<StepMark>> steps, string[] buttons, int preferred) : Page
{
    private readonly Buttons buttons = new(buttons, preferred);
    private TextRow[] text = [];
    private int first;
    private int room = 1;
    private int total;

    /// <summary>The label of the button that was taken; empty while none was, "Esc", "F1", "F2" and "F3" for those keys.</summary>
    public string Answer { get; private set; } = "";

    /// <summary>What else the keys do.</summary>
    public string Keys { get; init; } = "Esc Quit";

    /// <summary>Whether it starts at the end of the text rather than at its beginning.</summary>
    protected virtual IEnumerable<TextRow> Text => text;

    /// <summary>Puts a text in.</summary>
    public void Show(IEnumerable<TextRow> rows) => text = [.. rows];

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var inner = Frame.Draw(surface, host, title, steps(), $"Up/Down Scroll  Left/Right Button  {Keys}");
        var lines = Text.SelectMany(t => Words.Wrap(t.Text, inner.Width - 2).Select(l => new TextRow(l, t.Look))).ToArray();
        total = lines.Length;
        room = Math.Max(1, inner.Height - (inner.Height > 6 ? 2 : 1));
        first = Math.Clamp(first, 0, Math.Max(0, total - room));
        for (var i = 0; i < room && first + i < total; i++) inner.Put(0, i, lines[first + i].Text, lines[first + i].Look);
        if (first > 0) inner.Put(inner.Width - 1, 0, "^", Look.Bold);
        if (first + room < total) inner.Put(inner.Width - 1, room - 1, "v", Look.Bold);
        buttons.Draw(inner.Part(0, inner.Height - 1, inner.Width), true);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        switch (press.Key)
        {
            case Key.Escape:
                Close("Esc");
                break;
            case Key.Help:
                Close("F1");
                break;
            case Key.Steps:
                Close("F2");
                break;
            case Key.Log:
                Close("F3");
                break;
            case Key.Enter:
                Close(buttons.Labels[buttons.Current]);
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

    /// <summary>Makes it ready to be shown again, where it was.</summary>
    public void Reopen()
    {
        IsClosed = false;
        Answer = "";
    }

    /// <summary>Closes with an answer.</summary>
    protected void Close(string answer)
    {
        Answer = answer;
        IsClosed = true;
    }
}

using Gatehouse.Core.Values;
using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tui.Pages;

/// <summary>A question that is answered by writing a line.</summary>
/// <param name="title">Title.</param>
/// <param name="question">The question.</param>
/// <param name="text">What stands there already.</param>
/// <param name="judge">Says why an answer will not do; null when it does.</param>
internal sealed class AskPage(string title, string question, string text, Func<string, string?> judge) : Page
{
    private readonly TextLine line = new(text);
    private int scrolled;
    private string problem = "";

    /// <summary>What was written; null for Esc.</summary>
    public string? Answer { get; private set; }

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var width = Math.Max(10, Math.Min(surface.Width - 2, 64));
        var asked = Words.Wrap(question, width - 4).ToArray();
        var wrong = problem.Length == 0 ? [] : Words.Wrap($"!! {problem}", width - 4).ToArray();
        var height = Math.Min(surface.Height, asked.Length + wrong.Length + 6);
        if (asked.Length + 4 > height)
            asked = asked[..Math.Max(0, height - 4)];
        int left = (surface.Width - width) / 2,
            top = (surface.Height - height) / 2;
        surface.Box(left, top, width, height);
        surface.Put(left + 2, top, TextWidth.Fit($" {title} ", width - 4), Look.Bold);
        var inner = new Pane(surface, left + 2, top + 1, width - 4, height - 2);
        for (var i = 0; i < asked.Length; i++)
            inner.Put(0, i, asked[i]);
        var row = Math.Min(asked.Length + 1, Math.Max(0, inner.Height - 2));
        for (var i = 0; i < wrong.Length; i++)
            inner.Put(0, row + 1 + i, wrong[i], Look.Error);
        if (wrong.Length == 0 || row + wrong.Length < inner.Height - 1)
            inner.Put(0, inner.Height - 1, "Enter Continue   Esc Cancel", Look.Note);
        scrolled = Widgets.EntryLine.Draw(inner, row, inner.Width, line.Text, line.Before, true, scrolled);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        if (press.Key == Key.Escape)
            IsClosed = true;
        else if (press.Key != Key.Enter)
        {
            problem = "";
            line.On(press);
        }
        else if (judge(line.Text.Trim()) is { } why)
            problem = why;
        else
        {
            Answer = line.Text.Trim();
            IsClosed = true;
        }
    }
}

using Gatehouse.Core.Values;
using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tui.Widgets;

/// <summary>A row of buttons, one of which Enter takes.</summary>
/// <param name="labels">What they are called.</param>
/// <param name="preferred">The one that has the focus first.</param>
internal sealed class Buttons(string[] labels, int preferred) : Widget
{
    private readonly int preferred = preferred;

    /// <summary>The button with the focus.</summary>
    public int Current { get; private set; } = preferred;

    /// <summary>What they are called.</summary>
    public IReadOnlyList<string> Labels => labels;

    /// <inheritdoc/>
    public override void Enter(bool fromBelow) => Current = preferred;

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused)
    {
        var x = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var here = focused && i == Current;
            var label = here ? $">{labels[i]}<" : $"[{labels[i]}]";
            pane.Put(x, 0, label, here ? Look.Chosen : Look.Plain);
            if (here)
                pane.Cursor(x + 1, 0);
            x += TextWidth.Of(label) + (pane.Width < 40 ? 1 : 2);
        }
    }

    /// <inheritdoc/>
    public override bool On(Press press)
    {
        switch (press)
        {
            case { Key: Key.Left or Key.BackTab } when Current > 0:
                Current--;
                return true;
            case { Key: Key.Right or Key.Tab } when Current < labels.Length - 1:
                Current++;
                return true;
            case { Key: Key.Text }:
                var found = Array.FindIndex(labels, l => l.StartsWith(press.Text, StringComparison.OrdinalIgnoreCase));
                if (found >= 0)
                    Current = found;
                return true;
            default:
                return press.Key is Key.Left or Key.Right;
        }
    }
}

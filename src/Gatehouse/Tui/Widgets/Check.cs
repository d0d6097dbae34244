using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Widgets;

/// <summary>Yes or no.</summary>
internal sealed class Check(Field field) : FieldWidget(field)
{
    private bool on;

    /// <inheritdoc/>
    public override string Keys => "Space Yes or no";

    /// <inheritdoc/>
    public override void Load(Interview interview) => on = interview.Text(Field) is "true" or "yes" or "on";

    /// <inheritdoc/>
    public override void Store(Interview interview) => interview.Enter(Field, on ? "true" : "false");

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused)
    {
        pane.Put(0, 0, on ? "[x] yes" : "[ ] no", focused ? Look.Chosen : Look.Plain);
        if (focused)
            pane.Cursor(1, 0);
    }

    /// <inheritdoc/>
    public override bool On(Press press)
    {
        var was = on;
        on = press switch
        {
            { Key: Key.Text, Text: " " } or { Key: Key.Left } or { Key: Key.Right } => !on,
            { Key: Key.Text, Text: "y" or "Y" } => true,
            { Key: Key.Text, Text: "n" or "N" } => false,
            _ => on,
        };
        return was != on || press.Key is Key.Text or Key.Left or Key.Right;
    }
}

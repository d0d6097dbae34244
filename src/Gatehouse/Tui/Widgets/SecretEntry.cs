using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Widgets;

/// <summary>One of the two lines that a password is typed into. Only stars are shown.</summary>
internal sealed class SecretEntry(Field field, bool again) : Entry(field)
{
    private string state = "";
    private bool forget;

    /// <summary>The other line.</summary>
    public SecretEntry? Other { get; set; }

    /// <inheritdoc/>
    public override string Label => again ? "  repeat it" : Field.Label;

    /// <inheritdoc/>
    public override bool IsJoined => again;

    /// <inheritdoc/>
    public override string Keys => again ? "" : "Del Clear";

    /// <inheritdoc/>
    public override void Load(Interview interview)
    {
        var (first, second) = interview.SecretText(Field);
        Text = again ? second : first;
        state = interview.SecretState(Field);
    }

    /// <inheritdoc/>
    public override void Store(Interview interview)
    {
        if (forget)
            interview.ForgetSecret(Field);
        else
            interview.EnterSecret(Field, again ? Other!.Text : Text, again ? Text : Other!.Text);
        forget = false;
    }

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused)
    {
        base.Draw(pane, focused);
        if (!again && Text.Length == 0)
            pane.Put(1, 0, TextWidth.Fit($"({state})", Math.Min(pane.Width, Room(Field)) - 1), focused ? Look.EntryNow : Look.Entry);
    }

    /// <inheritdoc/>
    public override bool On(Press press)
    {
        if (press.Key == Key.Delete && Text.Length == 0 && !again)
            forget = true;
        return base.On(press);
    }

    /// <inheritdoc/>
    protected override string Shown(string text) => new('*', new System.Globalization.StringInfo(text).LengthInTextElements);
}

using Gatehouse.Core.Screens;
using Gatehouse.Core.Values;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Widgets;

/// <summary>One of several values: the arrows go through them, Space shows all with what they mean.</summary>
/// <param name="field">The field.</param>
/// <param name="pick">Lets the operator pick from a list; given the index now, returns the new one.</param>
internal sealed class Choose(Field field, Func<Field, int, int> pick) : FieldWidget(field)
{
    private int index;

    /// <inheritdoc/>
    public override string Keys => "Space Choose";

    /// <inheritdoc/>
    public override void Load(Interview interview)
    {
        var value = interview.Text(Field);
        index = Math.Max(0, Field.Choices.Select(c => c.Value).ToList().IndexOf(value));
    }

    /// <inheritdoc/>
    public override void Store(Interview interview) => interview.Enter(Field, Field.Choices[index].Value);

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused)
    {
        var choice = Field.Choices[index];
        var value = $"< {choice.Value} >";
        pane.Put(0, 0, value, focused ? Look.Chosen : Look.Plain);
        var room = pane.Width - value.Length - 1;
        pane.Put(
            value.Length + 1,
            0,
            TextWidth.Of(choice.Text) <= room ? choice.Text
                : room > 8 ? $"{TextWidth.Fit(choice.Text, room - 3).TrimEnd()}..."
                : "",
            Look.Note
        );
        if (focused)
            pane.Cursor(2, 0);
    }

    /// <inheritdoc/>
    public override bool On(Press press)
    {
        var count = Field.Choices.Length;
        switch (press)
        {
            case { Key: Key.Left }:
                index = (index + count - 1) % count;
                return true;
            case { Key: Key.Right }:
                index = (index + 1) % count;
                return true;
            case { Key: Key.Text, Text: " " }:
                index = pick(Field, index);
                return true;
            case { Key: Key.Text }:
                var next = Enumerable
                    .Range(1, count)
                    .Select(i => (index + i) % count)
                    .FirstOrDefault(i => Field.Choices[i].Value.StartsWith(press.Text, StringComparison.OrdinalIgnoreCase), -1);
                if (next >= 0)
                    index = next;
                return true;
            default:
                return false;
        }
    }
}

using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui.Widgets;

/// <summary>Any number of a few values.</summary>
internal sealed class Checks(Field field) : FieldWidget(field)
{
    private readonly HashSet<string> on = new(StringComparer.Ordinal);
    private int current;

    /// <inheritdoc/>
    public override int Rows => Field.Choices.Length;

    /// <inheritdoc/>
    public override int FocusRow => current;

    /// <inheritdoc/>
    public override string Keys => "Space Yes or no";

    /// <inheritdoc/>
    public override void Load(Interview interview)
    {
        on.Clear();
        on.UnionWith(interview.Text(Field).Split('\n'));
    }

    /// <inheritdoc/>
    public override void Store(Interview interview) =>
        interview.Enter(Field, string.Join('\n', Field.Choices.Select(c => c.Value).Where(on.Contains)));

    /// <inheritdoc/>
    public override void Enter(bool fromBelow) => current = fromBelow ? Rows - 1 : 0;

    /// <inheritdoc/>
    public override void Draw(Pane pane, bool focused)
    {
        for (var i = 0; i < Rows; i++)
        {
            var choice = Field.Choices[i];
            pane.Put(
                0,
                i,
                $"[{(on.Contains(choice.Value) ? 'x' : ' ')}] {choice.Value}: {choice.Text}",
                focused && i == current ? Look.Chosen : Look.Plain
            );
        }

        if (focused)
            pane.Cursor(1, current);
    }

    /// <inheritdoc/>
    public override bool On(Press press)
    {
        switch (press)
        {
            case { Key: Key.Up } when current > 0:
                current--;
                return true;
            case { Key: Key.Down } when current < Rows - 1:
                current++;
                return true;
            case { Key: Key.Text, Text: " " }:
                var value = Field.Choices[current].Value;
                if (!on.Remove(value))
                    on.Add(value);
                return true;
            default:
                return press.Key == Key.Text;
        }
    }
}

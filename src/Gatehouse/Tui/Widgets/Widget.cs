using Gatehouse.Core.Screens;
using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tui.Widgets;

/// <summary>Something on a form that can have the focus.</summary>
internal abstract class Widget
{
    /// <summary>Rows it takes.</summary>
    public virtual int Rows => 1;

    /// <summary>The row, inside the widget, that must show while it has the focus.</summary>
    public virtual int FocusRow => 0;

    /// <summary>What its keys do, for the last row of the screen.</summary>
    public virtual string Keys => "";

    /// <summary>Draws itself; with the focus it also rests the cursor.</summary>
    public abstract void Draw(Pane pane, bool focused);

    /// <summary>Takes a key; false when it has no use for it.</summary>
    public abstract bool On(Press press);

    /// <summary>The focus comes from below (true) or above.</summary>
    public virtual void Enter(bool fromBelow) { }
}

/// <summary>A widget that holds the answer to a field.</summary>
internal abstract class FieldWidget(Field field) : Widget
{
    /// <summary>The field.</summary>
    public Field Field { get; } = field;

    /// <summary>What stands to the left of it.</summary>
    public virtual string Label => Field.Label;

    /// <summary>Whether it belongs to the widget above it.</summary>
    public virtual bool IsJoined => false;

    /// <summary>Takes over what the interview holds.</summary>
    public abstract void Load(Interview interview);

    /// <summary>Gives the interview what it holds.</summary>
    public abstract void Store(Interview interview);

    /// <summary>The row, inside the widget, that a finding is about.</summary>
    public virtual int RowOf(string path) => 0;
}

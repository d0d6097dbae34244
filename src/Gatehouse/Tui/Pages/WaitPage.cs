using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tui.Pages;

/// <summary>Says what is going on until it is done. It never holds up the screen.</summary>
/// <param name="host">The host.</param>
/// <param name="title">What will be shown in its place.</param>
/// <param name="steps">The column of steps.</param>
/// <param name="text">What is going on.</param>
/// <param name="task">The work.</param>
/// <param name="mayLeave">Whether the operator may go on without it.</param>
internal sealed class WaitPage(string host, string title, Func<IReadOnlyList<StepMark>> steps, string text, Task task, bool mayLeave = true)
    : Page
{
    /// <summary>Whether the operator did not want to wait.</summary>
    public bool IsAbandoned { get; private set; }

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var inner = Frame.Draw(surface, host, title, steps(), mayLeave ? "Esc Back" : "");
        inner.Put(0, 0, text);
        inner.Cursor(0, 0);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        if (mayLeave && press.Key == Key.Escape)
            IsAbandoned = IsClosed = true;
        OnIdle();
    }

    /// <inheritdoc/>
    public override void OnIdle() => IsClosed |= task.IsCompleted;
}

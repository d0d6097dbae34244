namespace Gatehouse.Tui.Pages;

/// <summary>Says what is going on until it is done. It never holds up the screen.</summary>
internal sealed class WaitPage(string text, Task task) : Page
{
    /// <summary>Whether the operator did not want to wait.</summary>
    public bool IsAbandoned { get; private set; }

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var width = Math.Min(surface.Width, TextWidth.Of(text) + 4);
        int left = (surface.Width - width) / 2, top = Math.Max(0, surface.Height / 2 - 2);
        surface.Box(left, top, width, Math.Min(3, surface.Height));
        surface.Put(left + 2, top + 1, TextWidth.Fit(text, width - 4));
        surface.Cursor(left + 2, top + 1);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        if (press.Key == Key.Escape) IsAbandoned = IsClosed = true;
        OnIdle();
    }

    /// <inheritdoc/>
    public override void OnIdle() => IsClosed |= task.IsCompleted;
}

using Gatehouse.Core.Values;
using Gatehouse.Tui.Drawing;

namespace Gatehouse.Tui.Pages;

/// <summary>One line of a menu, and what is said about it while it is the chosen one.</summary>
internal sealed record MenuItem(string Title, string Help = "", bool IsEnabled = true);

/// <summary>A list to choose from, over what is there.</summary>
internal sealed class MenuPage(string title, string question, IReadOnlyList<MenuItem> items, int current = 0) : Page
{
    private int current = current;
    private int first;
    private int room = 1;

    /// <summary>The index of the chosen item; -1 for Esc.</summary>
    public int Answer { get; private set; } = -1;

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var widest = Math.Max(
            items.Max(i => TextWidth.Of(i.Title)),
            Math.Max(TextWidth.Of(title) + 2, Math.Min(60, items.Max(i => TextWidth.Of(i.Help))))
        );
        var width = Math.Min(Math.Max(Math.Max(widest, Math.Min(60, TextWidth.Of(question))) + 6, 30), Math.Max(1, surface.Width));
        var asked = question.Length == 0 ? [] : Words.Wrap(question, width - 4).Append("").ToArray();
        var help = items.Any(i => i.Help.Length > 0) ? Math.Min(4, items.Max(i => Words.Wrap(i.Help, width - 4).Count())) : 0;
        var height = Math.Min(surface.Height - (surface.Height < 14 ? 0 : 4), items.Count + asked.Length + (help > 0 ? help + 1 : 0) + 2);
        // On a small screen the list itself goes first, then the question, then the help.
        if (height - 2 - asked.Length < Math.Min(3, items.Count) + help)
            asked = [];
        if (height - 2 - asked.Length - help - 1 < Math.Min(2, items.Count))
            help = 0;
        int left = (surface.Width - width) / 2,
            top = (surface.Height - height) / 2;
        surface.Box(left, top, width, height);
        surface.Put(left + 2, top, TextWidth.Fit($" {title} ", width - 4), Look.Bold);
        var inner = new Pane(surface, left + 2, top + 1, width - 4, height - 2);
        for (var i = 0; i < asked.Length; i++)
            inner.Put(0, i, asked[i]);
        room = Math.Max(1, inner.Height - asked.Length - (help > 0 ? help + 1 : 0));
        first = Math.Clamp(first, Math.Max(0, current - room + 1), current);
        for (var i = 0; i < room && first + i < items.Count; i++)
        {
            var index = first + i;
            var item = items[index];
            inner.Put(
                0,
                asked.Length + i,
                $"{(index == current ? '>' : ' ')} {item.Title}",
                index == current ? Look.Chosen
                    : item.IsEnabled ? Look.Plain
                    : Look.Note
            );
            if (index == current)
                inner.Cursor(2, asked.Length + i);
        }

        if (first > 0)
            surface.Put(left + width - 2, top + 1 + asked.Length, "^", Look.Bold);
        if (first + room < items.Count)
            surface.Put(left + width - 2, top + asked.Length + room, "v", Look.Bold);
        foreach (var (line, i) in Words.Wrap(items[current].Help, inner.Width).Take(help).Select((l, i) => (l, i)))
            inner.Put(0, inner.Height - help + i, line, Look.Note);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        switch (press.Key)
        {
            case Key.Escape:
                IsClosed = true;
                break;
            case Key.Enter when items[current].IsEnabled:
                Answer = current;
                IsClosed = true;
                break;
            case Key.Up or Key.BackTab:
                current = Math.Max(0, current - 1);
                break;
            case Key.Down or Key.Tab:
                current = Math.Min(items.Count - 1, current + 1);
                break;
            case Key.PageUp:
                current = Math.Max(0, current - room);
                break;
            case Key.PageDown:
                current = Math.Min(items.Count - 1, current + room);
                break;
            case Key.Home:
                current = 0;
                break;
            case Key.End:
                current = items.Count - 1;
                break;
            case Key.Text:
                var found = Enumerable
                    .Range(1, items.Count)
                    .Select(i => (current + i) % items.Count)
                    .FirstOrDefault(i => items[i].Title.StartsWith(press.Text, StringComparison.OrdinalIgnoreCase), -1);
                if (found >= 0)
                    current = found;
                break;
        }
    }
}

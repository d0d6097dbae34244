using Gatehouse.Terminal;

namespace Gatehouse.Tui.Drawing;

/// <summary>What fills the screen, or lies over what does: it draws itself and takes keys until it is closed.</summary>
internal abstract class Page
{
    /// <summary>Whether it is done with.</summary>
    public bool IsClosed { get; protected set; }

    /// <summary>Whether it changes by itself, and so is drawn several times a second.</summary>
    public virtual bool IsLive => false;

    /// <summary>Whether it knows what to do with a line break in a paste; for other pages it is a blank.</summary>
    public virtual bool TakesLineBreaks => false;

    /// <summary>Draws itself over whatever is there.</summary>
    public abstract void Draw(Surface surface);

    /// <summary>Takes a key.</summary>
    public abstract void On(Press press);

    /// <summary>Called when no key came for a while.</summary>
    public virtual void OnIdle() { }
}

/// <summary>Shows pages, one over the other, and brings keys to the one on top.</summary>
/// <param name="surface">The terminal.</param>
/// <param name="watch">Called a few times a second; throws <see cref="WizardEndedException"/> when the wizard has to end.</param>
internal sealed class Stage(Surface surface, Action watch)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private const int LongSilence = 10;
    private readonly List<Page> pages = [];
    private int silence;

    /// <summary>Whether a paste is coming in.</summary>
    public bool IsPasting { get; private set; }

    /// <summary>The terminal.</summary>
    public Surface Surface => surface;

    /// <summary>Shows a page until it is closed.</summary>
    public void Show(Page page)
    {
        pages.Add(page);
        try
        {
            var stale = true;
            while (!page.IsClosed)
            {
                // Before a paste or type-ahead is worked through there is nothing worth painting.
                if (stale && !surface.Pending)
                    Paint();
                var press = surface.Next(Slice);
                watch();
                stale = press.Key != Key.None || page.IsLive;
                if (press.Key == Key.HangUp)
                    throw new WizardEndedException("the terminal is gone", isGone: true);
                // The end of a paste can be lost on a bad line; a silence ends it as well.
                silence = press.Key == Key.None ? silence + 1 : 0;
                if (IsPasting && silence >= LongSilence)
                    press = new Press(Key.PasteEnd);
                if (press.Key is Key.PasteBegin or Key.PasteEnd)
                    IsPasting = press.Key == Key.PasteBegin;
                // Tabs in a paste part words, and only a form knows what to do with a line break in one.
                if (IsPasting && (press.Key == Key.Tab || (press.Key == Key.Enter && !page.TakesLineBreaks)))
                    press = Press.Of(" ");
                if (press.Key == Key.None)
                    page.OnIdle();
                else if (press.Key != Key.Repaint)
                    page.On(press);
            }
        }
        finally
        {
            pages.Remove(page);
        }
    }

    private void Paint()
    {
        surface.Clear();
        foreach (var page in pages)
            page.Draw(surface);
        surface.Flush();
    }
}

using Gatehouse.Tui.Drawing;
using Gatehouse.Wizard;

namespace Gatehouse.Tui.Pages;

/// <summary>The first question. It is on the screen before anything that takes time is begun.</summary>
/// <param name="stage">Where it shows.</param>
/// <param name="session">What is to be prepared once it is on the screen.</param>
/// <param name="host">The host.</param>
/// <param name="items">What can be done.</param>
/// <param name="draft">A draft in words; null when there is none. Asked for when the page is on the screen.</param>
internal sealed class StartPage(Stage stage, SetupSession session, string host, IReadOnlyList<MenuItem> items, Func<string>? draft) : Page
{
    private readonly MenuPage menu = new(
        "What is to be done?",
        "Gatehouse asks a few questions, shows what it would do, and changes nothing before you say so.",
        items
    );
    private bool isPrepared;
    private string left = "";

    /// <summary>The index of the chosen item; -1 for Esc.</summary>
    public int Answer => menu.Answer;

    /// <inheritdoc/>
    public override bool IsLive => draft is not null && left.Length == 0;

    /// <inheritdoc/>
    public override void Draw(Surface surface)
    {
        var inner = Frame.Draw(surface, host, "Mail gateway set-up", [], "Up/Down Choose  Enter Go on  F1 Help  Esc Quit");
        if (inner.Height > 12)
            foreach (var (line, i) in Words.Wrap(left, inner.Width).Take(3).Select((l, i) => (l, i)))
                inner.Put(0, i, line, Look.Note);
        menu.Draw(surface);
    }

    /// <inheritdoc/>
    public override void On(Press press)
    {
        if (press.Key == Key.Help)
            stage.Show(new TextPage("Help", Help.Select(t => new TextRow(t)), ["Close"]));
        else
            menu.On(press);
        IsClosed = menu.IsClosed;
    }

    /// <inheritdoc/>
    public override void OnIdle()
    {
        if (!isPrepared)
            session.Prepare();
        else if (draft is not null && left.Length == 0)
            left = $"Left before: {draft()}";
        isPrepared = true;
    }

    private static readonly string[] Help =
    [
        "Up and Down, or Tab, go from field to field; Enter goes on. F1 explains the field you are in. F2 goes to another step. Page Down "
            + "is 'Next', Page Up is 'Back'. Ctrl-L draws the screen anew.",
        "",
        "Where a terminal has no F10, Esc and Ctrl-C do the same: they ask before anything is lost.",
        "",
        "What you type is saved as you go. If the line breaks, 'gatehouse setup' goes on where you were.",
        "",
        "For a braille line or speech, 'gatehouse setup --plain' asks line by line in full sentences.",
    ];
}

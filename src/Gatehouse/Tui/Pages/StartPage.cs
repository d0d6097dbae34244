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
        "What do you want to do?",
        "Gatehouse asks a few questions and shows what it would do. Nothing changes until you confirm.",
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
        var inner = Frame.Draw(surface, host, "Mail gateway set-up", [], "Up/Down Choose  Enter Continue  F1 Help  Esc Quit");
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
            left = $"Saved earlier: {draft()}";
        isPrepared = true;
    }

    private static readonly string[] Help =
    [
        "Up and Down, or Tab, move from field to field; Enter continues. F1 explains the field you are in. F2 goes to another step. Page "
            + "Down is 'Next', Page Up is 'Back'. Ctrl-L redraws the screen.",
        "",
        "If your terminal has no F10, use Esc or Ctrl-C: they also ask before anything is lost.",
        "",
        "What you type is saved as you go. If the connection is lost, 'gatehouse setup' continues where you were.",
        "",
        "For a braille display or speech output, 'gatehouse setup --plain' asks line by line in full sentences.",
    ];
}

using Gatehouse.Core.Wizard;
using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;
using Look = Gatehouse.Tui.Drawing.Look;

namespace Gatehouse.Tui;

/// <summary>What the parts of the wizard on the full screen share.</summary>
/// <param name="Session">What it works on.</param>
/// <param name="Stage">Where it shows.</param>
/// <param name="Host">What the host is called, for the title.</param>
/// <param name="Steps">The column of steps.</param>
internal sealed record TuiContext(SetupSession Session, Stage Stage, string Host, Func<IReadOnlyList<StepMark>> Steps)
{
    /// <summary>Says something and waits until it was read.</summary>
    public void Say(string title, params TextRow[] text) => Stage.Show(new TextPage(title, text, ["Close"]));

    /// <summary>Asks for a file and saves the answers in it.</summary>
    public void AskAndSave(Interview interview)
    {
        var ask = new AskPage(
            "Save the answers",
            "To which file? Only you will be able to read it, and it contains no passwords.",
            Path.GetFullPath("answers.yaml"),
            p =>
                p.Length == 0 ? "Enter the path of a file."
                : Directory.Exists(p) ? "That is a directory."
                : null
        );
        Stage.Show(ask);
        if (ask.Answer is { } path)
            Save(interview, path);
    }

    /// <summary>Saves the answers, and says so.</summary>
    public void Save(Interview interview, string path)
    {
        try
        {
            Say("Saved", Session.SaveAnswers(path, interview));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Say("Not saved", new TextRow($"!! {e.Message}", Look.Error));
        }
    }
}

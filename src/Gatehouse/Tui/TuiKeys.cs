using Gatehouse.Tui.Drawing;
using Gatehouse.Tui.Pages;
using Gatehouse.Wizard;

namespace Gatehouse.Tui;

/// <summary>The keys of a new cluster on the full screen, until the operator has shown that they are kept.</summary>
internal sealed class TuiKeys(TuiContext context, ClusterKeys keys)
{
    private const string Kept = "They are kept";
    private const string Save = "Save to a file";

    /// <summary>Shows them, and lets them go when they are kept.</summary>
    public void Show()
    {
        while (true)
        {
            string? file = null;
            // The page is gone before the question comes, or the answer could be read off it.
            context.Stage.Show(
                new ReviewPage("Keep these", context.Host, () => [], [Kept, Save], 0, Rows(), b => Take(b, out file)) { Keys = "F1 Help" }
            );
            if (file is null && !IsKept())
                continue;
            keys.Forget();
            return;
        }
    }

    // They leave the page only by one of the buttons: Esc is too near to what everybody presses.
    private bool Take(string button, out string? file)
    {
        file = null;
        if (button == "F1")
            context.Say(
                "Help",
                "The keys are shown only now; this host does not keep them for you. 'They are kept' asks for a part of the master token, "
                    + "then removes the token from this host. 'Save to a file' writes everything to a file that only root can read; move "
                    + "it away from this host."
            );
        else if (button == Save)
            file = AskAndSave();
        return button == Kept || file is not null;
    }

    private bool IsKept()
    {
        var ask = new AskPage(
            "Are they kept?",
            "Type the last group of the master token (5 characters) from your own copy. Esc shows it again.",
            "",
            keys.Judge
        );
        context.Stage.Show(ask);
        return ask.Answer is not null;
    }

    private string? AskAndSave()
    {
        var ask = new AskPage(
            "Save the keys",
            "To which new file? Only root will be able to read it. Move it to a safe place, then remove it from this host.",
            $"/root/{keys.Name}-keys.txt",
            p => p.StartsWith('/') ? null : "Enter an absolute path, such as /root/keys.txt."
        );
        context.Stage.Show(ask);
        if (ask.Answer is not { } path)
            return null;
        try
        {
            keys.Save(path);
            context.Say("Saved", $"The keys are in {path}. They are not shown again.");
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            context.Say("Not saved", new TextRow($"!! {e.Message}", Look.Error));
            return null;
        }
    }

    private IEnumerable<TextRow> Rows()
    {
        yield return new TextRow($"The keys of the cluster {keys.Name}, shown now and never again", Look.Bold);
        yield return "";
        yield return "Master token";
        yield return new TextRow($"  {keys.Token}", Look.Bold);
        yield return "Encryption key";
        foreach (var line in keys.Key)
            yield return new TextRow($"  {line}", Look.Bold);
        yield return "Fingerprint of the CA (SHA-256)";
        foreach (var line in keys.Fingerprint)
            yield return new TextRow($"  {line}", Look.Bold);
        yield return "";
        foreach (var line in ClusterKeys.WhatToKeep)
            yield return line;
    }
}

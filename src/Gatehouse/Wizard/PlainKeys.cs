namespace Gatehouse.Wizard;

/// <summary>
/// The keys of a new cluster line by line. What is said here stays on the terminal, so a file is offered first; and where
/// nobody sits before a terminal, they go to a file or stay where they are.
/// </summary>
internal sealed class PlainKeys(PlainTalk talk, ClusterKeys keys)
{
    /// <summary>Asks until they are kept.</summary>
    /// <exception cref="InputEndedException">The input ended before; they stay on the host until the wizard is run again.</exception>
    public void Ask()
    {
        talk.Say();
        talk.Say($"Keep the keys of the cluster {keys.Name} now; they are not shown again.");
        foreach (var line in ClusterKeys.WhatToKeep)
            talk.Say($"  {line}");
        var offer = talk.IsTerminal ? "save FILE, show" : "save FILE";
        talk.Say(
            talk.IsTerminal
                ? "Type 'save FILE' to write them to a file that only root can read, or 'show' to see them here, where they stay readable "
                    + "on this terminal until it is cleared."
                : "Type 'save FILE' to write them to a file that only root can read."
        );
        while (!Take(talk.Ask($"What now ({offer})").Trim()))
            talk.Say($"Error: Type one of: {offer}.");
        keys.Forget();
    }

    private bool Take(string answer) =>
        answer.Split(' ', 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["save", var path] => Save(path),
            ["show"] when talk.IsTerminal => Show(),
            _ => false,
        };

    private bool Save(string path)
    {
        try
        {
            keys.Save(path);
            talk.Say($"The keys are in {Path.GetFullPath(path)}. Move the file to a safe place, then remove it from this host.");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            talk.Say($"Error: The keys could not be saved: {e.Message}");
            return false;
        }
    }

    private bool Show()
    {
        talk.SayAsIs($"Master token:\n  {keys.Token}\nEncryption key:");
        foreach (var line in keys.Key)
            talk.SayAsIs($"  {line}");
        talk.SayAsIs("Fingerprint of the CA (SHA-256):");
        foreach (var line in keys.Fingerprint)
            talk.SayAsIs($"  {line}");
        while (true)
        {
            // It is part of the token, and need not stand there twice.
            var problem = keys.Judge(talk.AskSecret("The last group of the master token, from your own copy"));
            if (problem is null)
                break;
            talk.Say($"Error: {problem}");
        }

        talk.Say("Clear this terminal when you leave it; 'clear' and 'reset' do that on most.");
        return true;
    }
}

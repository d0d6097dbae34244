namespace Gatehouse.EndToEnd;

/// <summary>An operator who sets up a gateway on the full screen, by keys alone.</summary>
public static class Operator
{
    public const string Password = "correct horse battery";

    private static readonly string[] Ends = ["Done", "Not applied", "Rolled back", "Failed"];

    /// <summary>From the first question to the review.</summary>
    public static void Answer(Tmux terminal, string address)
    {
        terminal.WaitFor("> Set up one mail gateway").Press("Enter").WaitFor("> 1 System");
        // Name, address, location, time zone, name servers, administration networks.
        Fill(terminal, "mx1.lab.example", address);
        terminal.Press("Tab");
        Fill(terminal, "Europe/Berlin", "10.77.0.1");
        terminal.Press("C-u").Type("10.77.0.0/24");
        foreach (var text in new[] { "mx1.lab.example", address, "Europe/Berlin", "10.77.0.1", "10.77.0.0/24" })
            terminal.WaitFor(text);
        terminal.Press("NPage").WaitFor("> 2 Scanner").Press("NPage").WaitFor("> 3 MTA");
        // Domains, relay networks, smart host, postmaster.
        terminal.Type("example.org 10.77.0.140:25").Press("Tab", "Tab", "Tab").Type("postmaster@example.org");
        terminal.WaitFor("example.org 10.77.0.140:25").WaitFor("postmaster@example.org");
        terminal.Press("NPage").WaitFor("> 4 Management web");
        terminal.Press("Tab", "Tab").Type(Password).Press("Tab").Type(Password).Press("NPage");
        terminal.WaitFor("> 5 Review").WaitFor("What will happen");
    }

    /// <summary>Saves the answers from the review.</summary>
    public static void Save(Tmux terminal, string path)
    {
        terminal
            .Press("Left", "Enter")
            .WaitFor("To which file")
            .Press("C-u")
            .Type(path)
            .WaitFor(path)
            .Press("Enter")
            .WaitFor("The answers are in")
            .Press("Enter")
            .WaitForNo("The answers are in");
        terminal.Press("Right");
    }

    /// <summary>From the review to the end, with 'Apply' chosen.</summary>
    public static void Apply(Tmux terminal) => Apply(terminal, "generation 1 is in place");

    /// <summary>The same, with the words that a good end shows.</summary>
    public static void Apply(Tmux terminal, string done)
    {
        // What is typed before the question is there does not answer it.
        terminal.Press("Enter").WaitFor("─ Apply? ─").Type("yes").Press("Enter");
        // Packages may be fetched and installed. The end is a page's title: apt says "Done" too while it works.
        terminal.Until(
            $"'{done}', or why not",
            f => f.Contains(done, StringComparison.Ordinal) || Ends.Any(e => f.Contains($"─ {e} ─", StringComparison.Ordinal)),
            Lab.Setup
        );
        terminal.WaitFor(done);
    }

    /// <summary>The same answers for the plain mode, as lines: screen after screen, then save and apply. The name server stays as it was
    /// found on the host.</summary>
    public static string Lines(string address, string saved) =>
        string.Join(
            '\n',
            [
                "1",
                "mx1.lab.example",
                address,
                "",
                "Europe/Berlin",
                "",
                "-",
                "10.77.0.0/24",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "",
                "example.org 10.77.0.140:25",
                "",
                "",
                "",
                "postmaster@example.org",
                "",
                "",
                "",
                "",
                Password,
                Password,
                "",
                $"save {saved}",
                "apply",
                "yes",
                "",
            ]
        );

    private static void Fill(Tmux terminal, params string[] values)
    {
        foreach (var value in values)
            terminal.Press("C-u").Type(value).Press("Tab");
    }
}

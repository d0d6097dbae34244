using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>What hands and lines do to a form while it is filled in: nothing that was typed gets lost.</summary>
[Trait("Lane", "beside")]
public sealed class WizardTypingTests : IDisposable
{
    private readonly Tree tree = new();

    public static TheoryData<string> Terms => WizardEndTests.Terms;

    [Theory]
    [MemberData(nameof(Terms))]
    public void Resizing_while_typing_keeps_text_and_cursor(string term)
    {
        using var terminal = OpenForm(term);
        var typed = "";
        foreach (var (part, width, height) in new[] { ("mx1.", 20, 8), ("exam", 40, 12), ("ple.", 132, 43), ("org", 80, 24) })
        {
            typed += part;
            // The size changes right behind the keys.
            terminal.Type(part).Resize(width, height);
            terminal.WaitForCursorIn(typed).WaitFor("System");
        }

        terminal.WaitForCursorIn("Host name", "mx1.example.org");
        terminal.Press("Tab").WaitForCursorIn("Address");
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_line_that_reports_no_size_has_the_usual_one(string term)
    {
        using var terminal = new Tmux(tree, term);
        terminal.Run("stty rows 0 cols 0; setup").WaitFor("> Set up one mail gateway").Press("Enter").WaitFor("> 1 System");
        terminal.Press("C-u").Type("mx1.example.org").WaitForCursorIn("Host name", "mx1.example.org");
        Assert.Contains("F1 Help", terminal.Frame.Split('\n')[^1], StringComparison.Ordinal);
        Assert.Equal(24, terminal.Frame.Split('\n').Length);
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void Control_L_restores_a_screen_that_was_written_over(string term)
    {
        using var terminal = OpenForm(term);
        terminal.Type("mx1.example.org").WaitForCursorIn("mx1.example.org");
        terminal.Bytes();
        var (frame, cursor) = (terminal.Frame, terminal.Cursor);
        // As the kernel writes its messages to a console.
        File.WriteAllText(terminal.Device, "\r\n[ 12.345] usb 1-1: new device\r\n[ 12.346] usb 1-1: strange\r\n");
        terminal.WaitFor("usb 1-1: strange");
        terminal.Press("C-l").Until("the frame of before", f => f == frame && terminal.Cursor == cursor);
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void Keys_typed_ahead_over_two_screens_arrive(string term)
    {
        using var terminal = new Tmux(tree, term);
        terminal.Run("setup").WaitFor("> Set up one mail gateway");
        // Choose, six fields, next, and two fields of the screen after.
        terminal.Paste(
            "\r\u0015mx1.example.org\t\u0015192.0.2.10\tBerlin\t"
                + "\u0015Europe/Berlin\t\u0015127.0.0.1\t\u0015192.0.2.0/24\e[6~\u0015SITE\tExample Ltd"
        );
        terminal.WaitFor("> 2 Scanner").WaitFor("SITE").WaitForCursorIn("Organisation", "Example Ltd");
        terminal
            .Press("PPage")
            .WaitFor("> 1 System")
            .WaitFor("mx1.example.org")
            .WaitFor("192.0.2.10_")
            .WaitFor("Berlin_")
            .WaitFor("192.0.2.0/24");
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void Wide_characters_are_typed_shown_and_erased(string term)
    {
        using var terminal = OpenForm(term);
        terminal.Press("Tab", "Tab").Type("Köln, 漢字 3").WaitForCursorIn("Location", "Köln, 漢字 3");
        var before = Column(terminal);
        terminal.Press("BSpace", "BSpace", "BSpace").WaitForCursorIn("Köln, 漢_");
        Assert.Equal(before - 4, Column(terminal));
        terminal.Press("BSpace", "BSpace", "BSpace", "BSpace", "BSpace").WaitForCursorIn("Kö_");
        Assert.Equal(before - 10, Column(terminal));
        terminal.Press("BSpace").Type("oeln").WaitForCursorIn("Koeln_");
        tree.UntilSaved("Koeln");
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void Without_a_character_set_the_lines_are_drawn_all_the_same(string term)
    {
        using var terminal = OpenForm(term, "C");
        // The letters that are lines in the other character set, between the codes that choose it and leave it.
        Assert.Contains(
            "\u000elq\u000f Steps \u000eqqqqqqqqqqqqklq\u000f System \u000eqqqq",
            Plain(terminal.Drawn),
            StringComparison.Ordinal
        );
        Assert.StartsWith("mqqqqqqqqqqqqqqqqqqqqjmqqqq", terminal.Frame.Split('\n')[22], StringComparison.Ordinal);
        terminal.Type("mx1.example.org").WaitForCursorIn("Host name", "mx1.example.org");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Four_hundred_pasted_characters_arrive_in_an_entry(bool marked)
    {
        var text = string.Concat(Enumerable.Range(0, 80).Select(i => $"{i:000} ")) + string.Concat(Enumerable.Repeat("ä漢", 40));
        using var terminal = OpenForm("xterm-256color");
        terminal.Press("Tab", "Tab").WaitForCursorIn("Location").Paste(text, marked).WaitForCursorIn("ä漢_");
        Lab.Until(
            "the text in the draft",
            TimeSpan.FromSeconds(20),
            () => Unescaped(tree.Draft()).Contains(text, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_hundred_pasted_rows_arrive_in_a_table(bool marked)
    {
        var rows = Enumerable.Range(1, 200).Select(i => $"d{i}.example.org mail{i}.example.net:25").ToArray();
        tree.Write("answers.yaml", "version: 1\ninteractive: [mta]\n" + Answered);
        using var terminal = new Tmux(tree);
        terminal.Run("setup --answers answers.yaml").WaitFor("Domains").WaitForCursorIn("│");
        terminal.Paste(string.Join(marked ? "\n" : "\r", rows), marked).WaitForCursorIn("mail200.example.net:25_");
        Lab.Until(
            "the last row in the draft",
            TimeSpan.FromSeconds(20),
            () => tree.Draft().Contains("mail200.example.net:25", StringComparison.Ordinal)
        );
        Assert.All(rows, row => Assert.Contains(row, tree.Draft(), StringComparison.Ordinal));
        terminal.Press("Tab").WaitForCursorIn("Relay networks");
    }

    [Fact]
    public void Answers_that_name_the_screens_to_ask_are_asked_for_no_others()
    {
        tree.Write("answers.yaml", "version: 1\ninteractive: [mta]\n" + Answered);
        using var terminal = new Tmux(tree);
        terminal.Run("setup --answers answers.yaml").WaitFor("> 1 MTA").WaitFor("  2 Review");
        Assert.DoesNotContain("System", terminal.Frame, StringComparison.Ordinal);
        terminal
            .Type("example.org mail.example.org")
            .Press("Tab", "Tab", "Tab")
            .Type("postmaster@example.org")
            .WaitFor("postmaster@example.org")
            .Press("NPage");
        terminal.WaitFor("> 2 Review").WaitFor("What will happen");
    }

    public void Dispose()
    {
        var applied = tree.IsApplied;
        tree.Dispose();
        Assert.False(applied, "something was applied");
    }

    private const string Answered = """
        system:
          name: mx1.example.org
          address: 192.0.2.10
          time_zone: Europe/Berlin
          resolvers: [127.0.0.1]
          admin_networks: [192.0.2.0/24]

        """;

    private static int Column(Tmux terminal) => int.Parse(terminal.Cursor.Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);

    // Without the codes for colours and bold letters.
    private static string Plain(string drawn) => System.Text.RegularExpressions.Regex.Replace(drawn, "\e\\[[0-9;]*m", "");

    private static string Unescaped(string json) => System.Text.RegularExpressions.Regex.Unescape(json);

    // At the first field, which is empty.
    private Tmux OpenForm(string term, string lang = "C.UTF-8")
    {
        var terminal = new Tmux(tree, term, lang);
        terminal
            .Run("setup")
            .WaitFor("> Set up one mail gateway")
            .Press("Enter")
            .WaitFor("> 1 System")
            .Press("C-u")
            .WaitForCursorIn("Host name", "___");
        return terminal;
    }
}

using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>However a wizard ends, the terminal is as before, what was typed is kept, and nothing has been changed.</summary>
[Trait("Lane", "beside")]
public sealed class WizardEndTests : IDisposable
{
    private const string Half = "mx1.exa";
    private readonly Tree tree = new();

    public static TheoryData<string> Terms => [.. Tmux.Terms];

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_killed_wizard_leaves_a_working_terminal_and_goes_on_at_the_same_field(string term)
    {
        using var terminal = new Tmux(tree, term);
        TypeHalf(terminal);
        tree.Signal("KILL");
        terminal.WaitForEnd(137);
        var told = Assert.Single(terminal.Lines.Split('\n'), l => l.StartsWith("gatehouse: ", StringComparison.Ordinal));
        Assert.EndsWith("'gatehouse setup' continues where it stopped.", told, StringComparison.Ordinal);
        GoOn(terminal);
    }

    [Theory]
    [InlineData("TERM", "linux")]
    [InlineData("TERM", "vt100")]
    [InlineData("INT", "vt220")]
    [InlineData("QUIT", "screen")]
    [InlineData("HUP", "xterm-256color")]
    public void A_signal_ends_it_and_what_was_typed_is_kept(string signal, string term)
    {
        using var terminal = new Tmux(tree, term);
        TypeHalf(terminal);
        // The last letter has not been saved yet.
        terminal.Type("m").WaitFor(Half + "m");
        tree.Signal(signal);
        terminal.WaitForEnd(130);
        Assert.Contains("Your answers are kept; 'gatehouse setup' continues where it stopped.", terminal.Lines, StringComparison.Ordinal);
        Assert.Contains(Half + "m", tree.Draft(), StringComparison.Ordinal);
        GoOn(terminal);
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_terminal_that_is_gone_ends_it_and_what_was_typed_is_kept(string term)
    {
        using var pty = new Pty(tree, term, "setup");
        Lab.Until("the wizard", TimeSpan.FromSeconds(20), () => tree.Holder() is not null);
        pty.Send("\r"u8);
        pty.Send("\u0015mx1.exa"u8);
        tree.UntilSaved(Half);
        var holder = tree.Holder()!.Value;
        pty.Send("m"u8);
        pty.HangUp();
        Lab.Until("the end of the wizard", TimeSpan.FromSeconds(20), () => !Directory.Exists($"/proc/{holder}"));
        Assert.Contains(Half, tree.Draft(), StringComparison.Ordinal);
        Assert.Null(tree.Holder());
        using var terminal = new Tmux(tree, term);
        GoOn(terminal);
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void Esc_asks_before_it_quits(string term)
    {
        using var terminal = new Tmux(tree, term);
        TypeHalf(terminal);
        terminal.Press("Escape").WaitFor("─ Quit? ─").Press("Enter").WaitForNo("Quit?").WaitForCursorIn("Host name", Half);
        terminal.Press("C-c").WaitFor("─ Quit? ─").Press("Right", "Enter").WaitForEnd(130);
        GoOn(terminal);
    }

    [Fact]
    public void Forgetting_all_leaves_nothing()
    {
        using var terminal = new Tmux(tree);
        TypeHalf(terminal);
        terminal.Press("Escape").WaitFor("─ Quit? ─").Press("Right", "Right", "Enter").WaitForEnd(130);
        Assert.Equal("", tree.Draft());
        terminal.Run("clear; setup").WaitFor("> Set up one mail gateway");
    }

    public void Dispose()
    {
        var applied = tree.IsApplied;
        tree.Dispose();
        Assert.False(applied, "something was applied");
    }

    private void TypeHalf(Tmux terminal)
    {
        terminal.Run("setup").WaitFor("> Set up one mail gateway").Press("Enter").WaitFor("> 1 System");
        terminal.Press("C-u").Type(Half).WaitFor(Half + "_");
        tree.UntilSaved(Half);
    }

    // The next start offers to go on, and is at the field with its text.
    private static void GoOn(Tmux terminal)
    {
        terminal
            .Run("clear; setup")
            .WaitFor("> Continue where you stopped")
            .WaitFor("System, Host name")
            .Press("Enter")
            .WaitFor("> 1 System")
            .WaitForCursorIn("Host name", Half);
    }
}

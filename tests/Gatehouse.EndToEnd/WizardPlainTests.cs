using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Terminals that cannot draw are asked line by line.</summary>
[Trait("Lane", "beside")]
public sealed class WizardPlainTests : IDisposable
{
    private readonly Tree tree = new();

    [Theory]
    [InlineData("dumb", "setup")]
    [InlineData("unknown", "setup")]
    [InlineData("no-such-terminal", "setup")]
    [InlineData("vt220", "setup --plain")]
    public void A_terminal_that_cannot_draw_is_asked_line_by_line(string term, string command)
    {
        using var terminal = new Tmux(tree, term);
        terminal.Run(command).WaitFor("Your choice").Run("1").WaitFor("Host name").Run("mx1.example.org").WaitFor("Address");
        tree.UntilSaved("mx1.example.org");
        terminal.Run("!").WaitFor("Quit?").Run("yes").WaitForEnd(130);
        Assert.False(tree.IsApplied, "something was applied");
    }

    [Fact]
    public void A_killed_one_leaves_a_working_terminal_and_goes_on()
    {
        using var terminal = new Tmux(tree, "dumb");
        terminal.Run("setup").WaitFor("Your choice").Run("1").WaitFor("Host name").Run("mx1.example.org").WaitFor("Address");
        tree.UntilSaved("mx1.example.org");
        tree.Signal("KILL");
        terminal
            .WaitForEnd(137)
            .Run("clear; setup")
            .WaitFor("Continue where you stopped")
            .Run("1")
            .WaitFor("Host name (full name) [mx1.example.org]");
    }

    public void Dispose() => tree.Dispose();
}

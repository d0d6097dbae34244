using System.Globalization;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>Two operators, one host: the second is told about the first, and may go on in its place.</summary>
[Trait("Lane", "beside")]
public sealed class WizardTakeOverTests : IDisposable
{
    private readonly Tree tree = new();

    [Fact]
    public void The_second_may_leave_it_to_the_first()
    {
        using var first = OpenFirst();
        using var second = new Tmux(tree);
        second.Run("setup").WaitFor($"process {tree.Holder()}").WaitFor("Leave it").Press("Enter").WaitForEnd(3);
        first.Type("ple").WaitForCursorIn("Host name", "mx1.example");
    }

    [Fact]
    public void The_second_takes_over_and_goes_on_with_what_the_first_typed()
    {
        using var first = OpenFirst();
        using var second = new Tmux(tree, "vt220");
        second.Run("setup").WaitFor("Take over").Press("Right", "Enter").WaitFor("> Continue where you stopped");
        first.WaitForEnd(130);
        Assert.Contains("taken over by", first.Lines, StringComparison.Ordinal);
        second.Press("Enter").WaitFor("> 1 System").WaitForCursorIn("Host name", "mx1.exam");
    }

    [Fact]
    public void A_first_one_that_is_stopped_is_taken_over_all_the_same()
    {
        using var first = OpenFirst();
        tree.UntilSaved("mx1.exam");
        var stopped = tree.Holder()!.Value;
        tree.Signal("STOP");
        using var second = new Tmux(tree);
        second.Run("setup").WaitFor("Take over").Press("Right", "Enter").WaitFor("> Continue where you stopped");
        Lab.Until(
            "the end of the first",
            TimeSpan.FromSeconds(10),
            () => !Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{stopped}"))
        );
        first.WaitForEnd(137);
        second.Press("Enter").WaitFor("> 1 System").WaitForCursorIn("Host name", "mx1.exam");
    }

    public void Dispose() => tree.Dispose();

    private Tmux OpenFirst()
    {
        var first = new Tmux(tree);
        first.Run("setup").WaitFor("> Set up one mail gateway").Press("Enter").WaitFor("> 1 System");
        first.Press("C-u").Type("mx1.exam").WaitForCursorIn("Host name", "mx1.exam");
        return first;
    }
}

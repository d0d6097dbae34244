using Xunit;
using Xunit.Abstractions;

namespace Gatehouse.EndToEnd;

/// <summary>Random bytes from the line, as after a wrong speed or from a cat on the keys: no harm is done.</summary>
public sealed class WizardFuzzTests(ITestOutputHelper output) : IDisposable
{
    private readonly Tree tree = new();

    [Theory]
    [InlineData("vt220", 6)]
    [InlineData("xterm-256color", 7)]
    [Trait("Lane", "beside")]
    public void Ten_thousand_random_bytes_do_no_harm(string term, int seed) => Send(term, seed, 10_000);

    [Theory]
    [InlineData("linux", 1)]
    [InlineData("vt100", 2)]
    [InlineData("vt220", 3)]
    [InlineData("screen", 4)]
    [InlineData("xterm-256color", 5)]
    [Trait("Lane", "slow")]
    public void A_hundred_thousand_random_bytes_do_no_harm(string term, int seed) => Send(term, seed, 100_000);

    public void Dispose() => tree.Dispose();

    private void Send(string term, int seed, int bytes)
    {
        var random = new Random(seed);
        // A wizard that was quit is started again. What comes between two must not end the shell instead.
        using var pty = new Pty(tree, term, "stty -isig -ixon; until [ -e stop ]; do setup; done; echo all over");
        Lab.Until("the wizard", TimeSpan.FromSeconds(20), () => tree.Holder() is not null);
        for (var left = bytes; left > 0; )
        {
            // Bursts as pastes and noise make them.
            var burst = new byte[Math.Min(left, random.Next(1, 2000))];
            random.NextBytes(burst);
            pty.Send(burst);
            left -= burst.Length;
        }

        pty.WaitForStillness();
        tree.Write("stop", "");
        // It ended by itself, or is alive, and then obeys.
        Lab.Until(
            "the end",
            TimeSpan.FromSeconds(120),
            () =>
            {
                if (tree.Holder() is { } holder)
                    Lab.Local("kill", "-s", "TERM", $"{holder}");
                return pty.Output.Contains("all over", StringComparison.Ordinal);
            }
        );
        var said = pty.Output.Split('\n', '\r');
        output.WriteLine(
            $"{term}: started {said.Count(l => l.Contains("exit: ", StringComparison.Ordinal))} times, {pty.Output.Length} bytes out"
        );
        Assert.All(
            said.Where(l => l.Contains("exit: ", StringComparison.Ordinal)),
            l => Assert.EndsWith("exit: 130", l, StringComparison.Ordinal)
        );
        Assert.All(
            said.Where(l => l.Contains("tty: ", StringComparison.Ordinal)),
            l => Assert.EndsWith("tty: as before", l, StringComparison.Ordinal)
        );
        Assert.False(tree.IsApplied, "something was applied");
    }
}

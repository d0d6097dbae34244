using Xunit;
using Xunit.Abstractions;

namespace Gatehouse.EndToEnd;

/// <summary>How much is sent over the line: at 9,600 bits a second 1,000 bytes take a second.</summary>
[Trait("Lane", "beside")]
public sealed class WizardBytesTests(ITestOutputHelper output) : IDisposable
{
    private const int FirstScreen = 2500;
    private const int OneKey = 50;
    private const int SerialLine = 12288;
    private const int WholeSession = 14336;
    private readonly Tree tree = new();

    public static TheoryData<string> Terms => WizardEndTests.Terms;

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_whole_session_fits_a_slow_line(string term)
    {
        using var terminal = new Tmux(tree, term);
        terminal.Type("setup");
        var before = terminal.Bytes();
        terminal.Press("Enter").WaitFor("> Set up one mail gateway");
        var first = terminal.Bytes() - before;
        output.WriteLine($"{term}: first screen {first}");
        Operator.Answer(terminal, "192.0.2.10");
        Operator.Apply(terminal);
        var session = terminal.Bytes() - before;
        output.WriteLine($"{term}: whole session {session}");
        terminal.Press("Enter").WaitForEnd(0);
        Assert.InRange(first, 500, FirstScreen);
        // A vt220 stands for the serial line; others need longer sequences for the same, and are not that slow.
        Assert.InRange(session, 3000, term == "vt220" ? SerialLine : WholeSession);
    }

    [Theory]
    [MemberData(nameof(Terms))]
    public void A_key_is_a_few_bytes(string term)
    {
        using var terminal = new Tmux(tree, term);
        terminal.Run("setup").WaitFor("> Set up one mail gateway").Press("Enter").WaitFor("> 1 System").Press("C-u");
        var most = 0L;
        var before = terminal.Bytes();
        foreach (var key in "mx1.")
        {
            terminal.Type(key.ToString());
            var now = terminal.Bytes();
            // The first letter takes the mark of a missing answer away, and a name has words about it until it is whole.
            if (key != 'm')
                most = Math.Max(most, now - before);
            before = now;
        }

        output.WriteLine($"{term}: one key {most}");
        Assert.InRange(most, 1, OneKey);
        terminal.Type("example.org").WaitFor("mx1.example.org");
        Assert.Equal(terminal.Bytes(), terminal.Bytes());
    }

    public void Dispose() => tree.Dispose();
}

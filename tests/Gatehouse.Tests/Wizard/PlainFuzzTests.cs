using Xunit;

namespace Gatehouse.Tests.Wizard;

/// <summary>Random lines to the plain mode. They never say yes to the last question.</summary>
public sealed class PlainFuzzTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_typed_it_neither_fails_nor_applies(int seed)
    {
        string[] words =
        [
            "",
            "",
            "",
            "",
            "?",
            "<",
            "<",
            "-",
            "!",
            "\\",
            "\\-",
            "1",
            "2",
            "3",
            "99",
            "-1",
            "y",
            "no",
            "no",
            "on",
            "forget",
            "apply",
            "back",
            "back 2",
            "files",
            "files 3",
            "mx1.example.org",
            "192.0.2.10",
            "192.0.2.0/24",
            "example.com mail.example.com",
            "a, b, c, d",
            "postmaster@example.com",
            "own",
            "list",
            "/etc/passwd",
            "25M",
            "\u0001\e[2J",
            "\ud800",
            "漢字 😀",
            "geheim",
            "geheim",
        ];
        using var run = new PlainRun();
        var before = run.Tree.Snapshot();
        var random = new Random(seed);
        var lines = Enumerable.Range(0, 20_000).Select(_ => words[random.Next(words.Length)]);
        var input = new StringReader(string.Join('\n', lines));
        var starts = 0;
        while (input.Peek() >= 0 && ++starts < 2000)
            run.Go(input);
        Assert.Equal(-1, input.Peek());
        Assert.Equal(before, run.Tree.Snapshot());
        Assert.DoesNotContain("generation", run.Said.ToString());
    }
}

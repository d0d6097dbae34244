using System.Text;
using Gatehouse.Tui.Drawing;
using Xunit;

namespace Gatehouse.Tests.Tui;

public sealed class KeyboardTests
{
    [Theory]
    [InlineData("a", "a")]
    [InlineData("é日😀", "é 日 😀")]
    [InlineData("\r", "Enter")]
    [InlineData("\n", "Enter")]
    [InlineData("\r\n", "Enter")]
    [InlineData("\t\b\u007f", "Tab Backspace Backspace")]
    [InlineData("\u0001\u0005\u0002\u0006\u0004\u0015", "Home End PageUp PageDown Delete Kill")]
    [InlineData("\u0003\u000c", "Escape Repaint")]
    [InlineData("\0\u0007\u0019", "")]
    public void Bytes_are_keys(string typed, string presses) => Assert.Equal(presses, Read(Bytes(typed)));

    [Theory]
    [InlineData("\e", "Escape")]
    [InlineData("\e\e", "Escape")]
    [InlineData("\e[1;5C", "")]
    [InlineData("\e[1;5Cq", "q")]
    [InlineData("\ex", "")]
    [InlineData("\exy", "y")]
    [InlineData("\eé.", ".")]
    [InlineData("\eOtq", "q")]
    [InlineData("\e[[Eq", "q")]
    [InlineData("\e[1;\rq", "Enter q")]
    [InlineData("\e]11;rgb:0/0/0\aq", "q")]
    [InlineData("\eP1$r\e\\q", "q")]
    public void Escape_alone_is_a_key_and_what_nobody_knows_is_dropped_whole(string typed, string presses) =>
        Assert.Equal(presses, Read(Bytes(typed)));

    [Fact]
    public void Bytes_that_are_no_text_are_dropped_and_nothing_else()
    {
        Assert.Equal("a b", Read(['a', 0xe9, 'b']));
        Assert.Equal("a b", Read(['a', 0xff, 0xfe, 0x80, 'b']));
        Assert.Equal("b", Read([0xed, 0xa0, 0x80, 'b']));
        Assert.Equal("b", Read([0xf0, 0x9f, 0x98, 'b']));
        Assert.Equal("b", Read([0x9b, '1', ';', '5', 'C', 'b']));
        Assert.Equal("b", Read([0xc2, 0x85, 'b']));
    }

    [Fact]
    public void Codes_of_curses_are_keys()
    {
        Assert.Equal("Down Up Left Right", Read([258, 259, 260, 261]));
        Assert.Equal("Help Steps Log Escape BackTab Repaint", Read([265, 266, 267, 274, 353, 410]));
        Assert.Equal("", Read([331, 512, 600]));
    }

    [Fact]
    public void Every_sequence_is_told_apart_and_has_a_meaning()
    {
        var sequences = Keyboard.Sequences().ToList();
        Assert.Distinct(sequences.Select(one => one.Sequence));
        Assert.All(sequences, one => Assert.NotEqual("", Read([one.Code])));
        Assert.Equal(
            "0 Enter PasteEnd",
            Read([.. new[] { "\eOp", "\eOM", "\e[201~" }.Select(one => sequences.Single(other => other.Sequence == one).Code)])
        );
    }

    [Fact]
    public void Both_ends_of_a_pasted_line_are_one_key_however_long_the_form_takes_in_between()
    {
        var rest = new Queue<int>(Bytes("a\r\nb\r\n\rc"));
        var keyboard = new Keyboard(() => rest.TryDequeue(out var code) ? code : -1, _ => false);
        var presses = new List<Key>();
        while (keyboard.Read() is { } press)
        {
            presses.Add(press.Key);
            Thread.Sleep(30);
        }

        Assert.Equal([Key.Text, Key.Enter, Key.Text, Key.Enter, Key.Enter, Key.Text], presses);
    }

    private static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(one => (int)one)];

    private static string Read(int[] codes)
    {
        var rest = new Queue<int>(codes);
        var keyboard = new Keyboard(() => rest.TryDequeue(out var code) ? code : -1, _ => false);
        var presses = new List<string>();
        while (keyboard.Read() is { } press)
            presses.Add(press.Key == Key.Text ? press.Text : $"{press.Key}");
        return string.Join(' ', presses);
    }
}

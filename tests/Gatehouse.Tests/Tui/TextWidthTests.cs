using System.Text;
using Gatehouse.Core.Values;
using Xunit;

namespace Gatehouse.Tests.Tui;

public sealed class TextWidthTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("mx1.example.org", 15)]
    [InlineData("é", 1)]
    [InlineData("e\u0301", 1)]
    [InlineData("日本語", 6)]
    [InlineData("ﾊﾝｶｸ", 4)]
    [InlineData("한국", 4)]
    [InlineData("\u1112\u1161\u11ab", 2)]
    [InlineData("😀", 2)]
    [InlineData("❤\ufe0f", 1)]
    [InlineData("👨\u200d👩", 4)]
    [InlineData("a\u00adb", 3)]
    [InlineData("a\tb\u001b", 4)]
    [InlineData("a\u202eb", 3)]
    public void Columns_are_those_of_a_terminal(string text, int columns) => Assert.Equal(columns, TextWidth.Of(text));

    [Theory]
    [InlineData("abc", 2, "ab")]
    [InlineData("abc", 9, "abc")]
    [InlineData("abc", 0, "")]
    [InlineData("abc", -1, "")]
    [InlineData("日本語", 5, "日本")]
    [InlineData("日本語", 1, "")]
    [InlineData("ae\u0301b", 2, "ae\u0301")]
    [InlineData("a😀", 2, "a")]
    public void A_text_is_cut_between_characters(string text, int columns, string fitting) =>
        Assert.Equal(fitting, TextWidth.Fit(text, columns));

    [Fact]
    public void Half_a_character_counts_as_one() => Assert.Equal(2, TextWidth.Of("a\ud83d"));

    [Fact]
    public void Every_code_point_has_a_width()
    {
        for (var value = 0; value <= 0x10ffff; value++)
        {
            if (Rune.IsValid(value))
                Assert.InRange(TextWidth.Of(new Rune(value)), 0, 2);
        }
    }
}

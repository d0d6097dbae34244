using Gatehouse.Tui.Drawing;
using Xunit;

namespace Gatehouse.Tests.Tui;

public sealed class WordsTests
{
    [Fact]
    public void A_line_whose_blanks_count_is_cut_and_keeps_them_all()
    {
        Assert.Equal(["+    type ipv4_addr"], Words.Cut("+    type ipv4_addr", 40));
        Assert.Equal(["+     el", "ements  ", "= { }"], Words.Cut("+     elements  = { }", 8));
        Assert.Equal([""], Words.Cut("", 8));
    }
}

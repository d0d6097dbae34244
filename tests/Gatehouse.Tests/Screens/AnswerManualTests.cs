using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Reference;
using Xunit;

namespace Gatehouse.Tests.Screens;

public sealed class AnswerManualTests
{
    private static readonly string[] Requests = [".TH ", ".SH ", ".TP", ".PP", ".br", ".nf", ".fi", ".RS", ".RE", ".BR "];

    [Fact]
    public void Every_question_and_every_choice_is_on_the_page()
    {
        var screens = Shipped.Screens();
        var page = AnswerManual.Of(screens, "1.2.3");
        foreach (var field in screens.Fields.Concat(screens.Fields.SelectMany(f => f.Columns)))
        {
            Assert.Contains($"\\fB{AnswerManual.Escape(field.Key)}\\fR (", page, StringComparison.Ordinal);
            Assert.Contains(AnswerManual.Escape(field.Help), page, StringComparison.Ordinal);
            foreach (var choice in field.Choices)
                Assert.Contains($"\\fB{AnswerManual.Escape(choice.Value)}\\fR: ", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_text_becomes_a_request()
    {
        foreach (var line in AnswerManual.Of(Shipped.Screens(), "1.2.3").Split('\n').Where(l => l.StartsWith('.') || l.StartsWith('\'')))
            Assert.Contains(Requests, r => line.StartsWith(r, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(".so /etc/passwd", "\\&.so /etc/passwd")]
    [InlineData("'br", "\\(aqbr")]
    [InlineData("a\\fB-b", "a\\efB\\-b")]
    [InlineData("say \"x\"\n.br", "say \\(dqx\\(dq .br")]
    public void Text_stands_for_itself(string text, string roff) => Assert.Equal(roff, AnswerManual.Escape(text));
}

using Gatehouse.Core.Quarantine;
using Xunit;

namespace Gatehouse.Tests.Quarantine;

/// <summary>What is in a message, before it is released.</summary>
public sealed class MessageOutlineTests
{
    [Fact]
    public void Parts_are_listed_with_kind_name_and_size()
    {
        var parts = Outline(
            """
            Subject: invoice
            Content-Type: multipart/mixed;
              boundary="outer"

            preamble
            --outer
            Content-Type: multipart/alternative; boundary=inner

            --inner
            Content-Type: text/plain; charset=utf-8

            hello
            --inner
            Content-Type: text/html

            <p>hello</p>
            --inner--
            --outer
            Content-Type: application/zip; name="old.zip"
            Content-Disposition: attachment;
            	filename*=utf-8''Rechnung%20%C3%BC.zip
            Content-Transfer-Encoding: base64

            QUJDREVGR0g=
            --outer--
            epilogue
            """
        );
        Assert.Equal(["text/plain, 6 bytes", "text/html, 13 bytes", "application/zip, Rechnung ü.zip, 9 bytes"], parts);
    }

    [Fact]
    public void A_message_without_parts_is_one() => Assert.Equal(["text/plain, 6 bytes"], Outline("Subject: x\n\nhello"));

    [Theory]
    [InlineData("Content-Type: multipart/mixed\n\n--\n--x\nhello")]
    [InlineData("Content-Type: multipart/mixed; boundary=x\n\n--y\n")]
    [InlineData("Content-Type: ;;;=\n\n")]
    [InlineData("")]
    public void What_is_damaged_is_read_to_its_end(string text) => Assert.True(Outline(text).Length <= 1);

    [Fact]
    public void A_stranger_cannot_make_the_list_long()
    {
        var many = Outline(
            "Content-Type: multipart/mixed; boundary=b\n\n"
                + string.Concat(Enumerable.Range(0, 5000).Select(i => $"--b\nContent-Type: text/plain; name=\"{i}\"\n\nx\n"))
        );
        Assert.Equal(50, many.Length);
        Assert.True(Outline($"Content-Type: multipart/mixed; boundary=\"{new string('a', 100_000)}\"\n\n--a\n").Length <= 1);
    }

    private static string[] Outline(string message)
    {
        var outline = new MessageOutline();
        foreach (var line in message.Split('\n'))
            outline.Add(line.TrimEnd('\r'));
        return [.. outline.End()];
    }
}

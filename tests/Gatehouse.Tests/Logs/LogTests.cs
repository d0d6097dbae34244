using System.Text;
using Gatehouse.Core.Logs;
using Xunit;

namespace Gatehouse.Tests.Logs;

/// <summary>Lines, questions and checkpoints, as they are read and written.</summary>
public sealed class LogTests
{
    internal const string Cursor = "s=0123456789abcdef0123456789abcdef;i=2a;b=fedcba9876543210fedcba9876543210;m=1b2;t=64a1;x=99ff";

    [Fact]
    public void A_line_of_the_journal_is_read_whatever_it_holds()
    {
        var line = Read(
            $$"""{"__CURSOR":"{{Cursor}}","__REALTIME_TIMESTAMP":"1790000000123456","MESSAGE":"1xUsvq-00009Z-5e <= """
                + """a@example.org","PRIORITY":"6","SYSLOG_IDENTIFIER":"exim","_PID":"7"}"""
        );
        Assert.Equal(
            new LogLine(
                Cursor,
                DateTimeOffset.FromUnixTimeSeconds(1790000000).AddMicroseconds(123456),
                "exim",
                6,
                "1xUsvq-00009Z-5e <= a@example.org"
            ),
            line
        );
        // Bytes that are no text, a field given twice, and one that is too long for the journal to tell.
        Assert.Equal("A\u001b\uFFFD", Read($$"""{"__CURSOR":"{{Cursor}}","__REALTIME_TIMESTAMP":"1","MESSAGE":[65,27,255]}""")!.Text);
        Assert.Equal("one", Read($$"""{"__CURSOR":"{{Cursor}}","__REALTIME_TIMESTAMP":"1","MESSAGE":["one","two"]}""")!.Text);
        Assert.Equal("", Read($$"""{"__CURSOR":"{{Cursor}}","__REALTIME_TIMESTAMP":"1","MESSAGE":null}""")!.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"__CURSOR\":\"x\",\"__REALTIME_TIMESTAMP\":\"1\"}")]
    [InlineData("{\"__CURSOR\":\"s=0;i=1\",\"__REALTIME_TIMESTAMP\":\"99999999999999999999\"}")]
    [InlineData("{\"__CURSOR\":\"s=0;i=1\",\"__REALTIME_TI")]
    public void What_is_no_line_is_told_from_one(string text) => Assert.Null(Read(text));

    [Fact]
    public void A_question_arrives_as_it_was_asked()
    {
        foreach (
            var asked in new[]
            {
                new LogQuery(),
                new LogQuery { Cursor = Cursor, Follow = true },
                new LogQuery
                {
                    Since = DateTimeOffset.FromUnixTimeSeconds(1790000000),
                    Ids = ["1xUsvq-00009Z-5e", "a+b&c=d%20@example.org"],
                    CollectedOf = "mx1.example.org",
                },
            }
        )
        {
            var parts = asked
                .ToUrl()
                .TrimStart('?')
                .Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(p => p.Split('=', 2))
                .Select(p => KeyValuePair.Create(p[0], Uri.UnescapeDataString(p[1])));
            Assert.True(LogQuery.TryRead(parts, out var read, out var problem), problem);
            Assert.Equal(asked.ToUrl(), read.ToUrl());
            Assert.Equal<string>(asked.JournalArguments(), read.JournalArguments());
        }
    }

    [Theory]
    [InlineData("cursor", "s=0;i=1 --output=/etc/passwd")]
    [InlineData("cursor", "s=0;i=1\n")]
    [InlineData("since", "-1")]
    [InlineData("since", "999999999999999")]
    [InlineData("follow", "yes")]
    [InlineData("id", "a b c")]
    [InlineData("id", "ab")]
    [InlineData("of", "../../etc")]
    [InlineData("of", "MX1.example.org")]
    [InlineData("grep", "x")]
    public void Anything_else_is_refused(string name, string value)
    {
        Assert.False(LogQuery.TryRead([KeyValuePair.Create(name, value)], out _, out var problem));
        Assert.Contains($"'{name}'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_is_looked_for_as_it_is_and_is_no_expression() =>
        Assert.Contains(
            @"--grep=a\.\*\(b\)\@example\.org|1xUsvq\-00009Z\-5e",
            new LogQuery { Ids = ["a.*(b)@example.org", "1xUsvq-00009Z-5e"] }.JournalArguments()
        );

    [Theory]
    [InlineData("<a@example.org>", "a@example.org")]
    [InlineData("3/1xUsvq-00009Z-5e", "1xUsvq-00009Z-5e")]
    [InlineData(" 1xUsvq-00009Z-5e ", "1xUsvq-00009Z-5e")]
    [InlineData("1/2@example.org", "1/2@example.org")]
    public void An_id_is_taken_as_it_is_shown_anywhere(string typed, string id) => Assert.Equal(id, MessageTrail.Typed(typed));

    [Theory]
    [InlineData("1xUsvq-00009Z-5e <= a@example.org", "1xUsvq-00009Z-5e")]
    [InlineData("1xUsvq-00000000abc-5e1f Completed", "1xUsvq-00000000abc-5e1f")]
    [InlineData("no host name found for 1xUsvq-00009Z-5e", null)]
    [InlineData("1xUsvq-00009Z-5eX <=", null)]
    [InlineData("[1\\15] 1xUsvq-00009Z-5e H=(x) [192.0.2.1] rejected", "1xUsvq-00009Z-5e")]
    [InlineData("[2/2] 1xUsvq-00009Z-5e not the first piece", null)]
    public void A_line_tells_which_message_it_is_about(string text, string? id) => Assert.Equal(id, MessageTrail.IdOf(text));

    [Fact]
    public void A_checkpoint_is_read_as_it_was_written()
    {
        var checkpoint = Checkpoint.Nothing.After(1, Cursor).After(12, "s=0;i=1").After(1, "s=0;i=2");
        var read = Checkpoint.Read(checkpoint.Write());
        Assert.Equal(["1 s=0;i=2", "12 s=0;i=1"], read!.Positions.Select(p => $"{p.Key} {p.Value}"));
        Assert.Null(read.Of(2));
        var anew = Checkpoint.Read(read.Anew([1, 3], DateTimeOffset.FromUnixTimeSeconds(1790000000)).Write())!;
        Assert.Equal((null, "s=0;i=1", DateTimeOffset.FromUnixTimeSeconds(1790000000)), (anew.Of(1), anew.Of(12), anew.Since));
        foreach (var damaged in new[] { "", "null", "{", "{\"1\":7}", "{\"x\":\"s=0;i=1\"}", "{\"1\":\"--flush\"}" })
            Assert.Null(Checkpoint.Read(damaged));
    }

    [Theory]
    [InlineData("reports", true)]
    [InlineData("a.b-c_1", true)]
    [InlineData("", false)]
    [InlineData(".hidden", false)]
    [InlineData("../etc", false)]
    public void The_name_of_a_subscriber_is_a_plain_word(string name, bool good) => Assert.Equal(good, Checkpoint.IsName(name));

    [Fact]
    public void A_collected_line_is_read_as_it_was_written()
    {
        var line = new LogLine(
            Cursor,
            DateTimeOffset.FromUnixTimeSeconds(1790000000).AddMicroseconds(1),
            "exim",
            3,
            "Grüße \"\\ \u001b[0m\n<x>"
        );
        var text = CollectedLine.Write("mx1.example.org", line);
        Assert.DoesNotContain('\n', text);
        Assert.Equal(("mx1.example.org", line), CollectedLine.Read(Encoding.UTF8.GetBytes(text)));
        // On a terminal nothing of it is obeyed.
        Assert.Equal("2026-09-21 14:13:20.000 mx1 exim: Grüße \"\\ ?[0m?<x>", CollectedLine.Show("mx1.example.org", line));
    }

    [Fact]
    public void However_a_file_of_lines_was_cut_off_its_whole_lines_are_found()
    {
        var lines = Enumerable
            .Range(1, 3)
            .Select(n => CollectedLine.Write("mx1", new LogLine($"s=0;i={n}", DateTimeOffset.UnixEpoch, "exim", 6, $"line {n}")) + "\n")
            .ToArray();
        var text = Encoding.UTF8.GetBytes(string.Concat(lines));
        var ends = new[] { 0, lines[0].Length, lines[0].Length + lines[1].Length, text.Length };
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var count = ends.Count(e => e <= cut) - 1;
            foreach (var rest in new[] { "", "\0\0\0\0", "\0\0\n\0" })
            {
                CollectedLine.Measure((byte[])[.. text[..cut], .. Encoding.UTF8.GetBytes(rest)], out var whole, out var cursor);
                Assert.Equal(ends[count], whole);
                Assert.Equal(count == 0 ? null : $"s=0;i={count}", cursor);
            }
        }
    }

    private static LogLine? Read(string text) => LogLine.Read(Encoding.UTF8.GetBytes(text));
}

using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Yaml;
using Gatehouse.Tests.Golden;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core;

/// <summary>What is written is read as the same, and written again as the same bytes.</summary>
public sealed class AnswerWriterTests
{
    private static readonly Origin Nowhere = new("answers.yaml", 1, 1);

    // What YAML has a meaning for somewhere, what some reader takes for another type, and what ends a line.
    private static readonly string[] Nasty =
    [
        "",
        " ",
        "\"",
        "'",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "#",
        " #",
        "{",
        "}",
        "[",
        "]",
        "|",
        ">",
        ":",
        ": ",
        ",",
        "`",
        "%",
        "&",
        "*",
        "!",
        "@",
        "?",
        "- ",
        "-",
        "---",
        "...",
        "=",
        "<<",
        "~",
        "\u2028",
        "\u2029",
        "\u0085",
        "\ufeff",
        "\ufffe",
        "\uffff",
        "\0",
        "\a",
        "\u007f",
        "\u009f",
        "\u00a0",
        "\u00e9",
        "\u6f22",
        "\ud83d\ude00",
        "true",
        "false",
        "Yes",
        "no",
        "on",
        "OFF",
        "y",
        "N",
        "null",
        "Null",
        "nan",
        ".nan",
        ".inf",
        "0",
        "1",
        "007",
        "0x1F",
        "0o17",
        "1_000",
        "1e3",
        "-1",
        "+1",
        "1.5",
        ".5",
        "12:30:45",
        "190:20",
        "2026-03-01",
        "192.0.2.10",
        "2001:db8::1",
        "a",
        "a b",
        "a: b",
        "a:b",
        "a #b",
        "a,b",
        "/path/to",
        "x: [",
        "Frankfurt, rack 12",
        "  lead",
        "trail ",
        "a  b",
    ];

    private static readonly Field[] Fields = [.. Samples.Screens.Fields];

    public static TheoryData<string> Cases => [.. GoldenCase.Names("")];

    public static TheoryData<string> BadCases => [.. GoldenCase.Names("invalid")];

    [Fact]
    public void Any_text_in_any_field_is_read_as_it_was_written() =>
        Prop.ForAll(
                Gen.Elements(Fields)
                    .Zip(
                        Gen.OneOf(
                                Gen.Elements(Nasty),
                                Gen.Choose(0, 0xFFFF).Where(c => !char.IsSurrogate((char)c)).Select(c => ((char)c).ToString())
                            )
                            .ArrayOf()
                            .Resize(6)
                            .Select(string.Concat)
                    )
                    .ToArbitrary(),
                p => RoundTrip(p.Item1, p.Item2)
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1500));

    [Fact]
    public void Every_nasty_text_in_every_field_is_read_as_it_was_written() =>
        Assert.All(Fields, f => Assert.All(Nasty, t => Assert.True(RoundTrip(f, t))));

    [Fact]
    public void A_text_of_any_length_stays_on_its_line()
    {
        var text = string.Concat(Enumerable.Repeat("many words ", 400)) + "\u00e9";
        Assert.True(RoundTrip(Samples.Screens.Fields.Single(f => f.Path == "system.location"), text));
        var written = AnswerWriter.Write(Samples.Screens, Of("system.location", Scalar(text)));
        Assert.Equal(["version: 1", "system:", $"  location: \"{text}\"", ""], written.Split('\n'));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("OFF")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("n")]
    [InlineData("587")]
    [InlineData("192.0.2.10")]
    [InlineData("12:30")]
    [InlineData("2026-03-01")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    public void A_text_that_some_reader_takes_for_something_else_is_quoted(string text) =>
        Assert.EndsWith(
            $"  location: \"{text}\"\n",
            AnswerWriter.Write(Samples.Screens, Of("system.location", Scalar(text))),
            StringComparison.Ordinal
        );

    [Fact]
    public void Half_a_character_is_no_answer() =>
        Assert.Throws<ArgumentException>(() => AnswerWriter.Write(Samples.Screens, Of("system.location", Scalar("\ud800"))));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_good_answer_file_means_the_same_after_it_was_written(string name)
    {
        var golden = GoldenCase.Of("", name);
        var again = AnswerWriter.Write(Samples.Screens, Read(golden.Bytes, out _));
        var (before, after) = (golden.Resolve(out var findings), golden.Resolve(Encoding.UTF8.GetBytes(again), out var others));
        Assert.Equal(Codes(findings), Codes(others));
        Assert.Equal(Everything(before!), Everything(after!));
        Assert.Equal(again, AnswerWriter.Write(Samples.Screens, Read(Encoding.UTF8.GetBytes(again), out _)));
    }

    [Theory]
    [MemberData(nameof(BadCases))]
    public void What_is_wrong_with_values_is_wrong_with_them_after_they_were_written(string name)
    {
        var golden = GoldenCase.Of("invalid", name);
        var answers = Read(golden.Bytes, out var reading);
        if (reading.HasErrors)
            return;
        golden.Resolve(out var findings);
        golden.Resolve(Encoding.UTF8.GetBytes(AnswerWriter.Write(Samples.Screens, answers)), out var others);
        Assert.Equal(Codes(findings), Codes(others));
    }

    [Fact]
    public void A_file_is_written_for_people()
    {
        var answers = Read(
            """
            interactive: [web, system]
            version: 1
            web: {password: {generate: true}, administrator: admin, networks: [192.0.2.0/24, "2001:db8::/32"], host_name: ~}
            scanner: {greylisting: no, spam_score: 6.5, quarantine_days: 7, quarantine_shared: off}
            mta:
              domains: [{destination: "mail.example.org:25", domain: example.org}, {domain: example.net, destination: 192.0.2.25}]
              smart_host_password: {file: /root/smart host}
            """u8,
            out var report
        );
        Assert.Empty(report);
        Assert.Equal(
            """
            # Written at the console.
            #
            # Change it as you like.
            version: 1
            interactive: [system, web]
            scanner:
              spam_score: 6.5
              greylisting: "no"
              quarantine_days: 7
              quarantine_shared: "off"
            mta:
              domains:
                - destination: mail.example.org:25
                  domain: example.org
                - domain: example.net
                  destination: "192.0.2.25"
              smart_host_password: {file: "/root/smart host"}
            web:
              administrator: admin
              password: {generate: true}
              networks:
                - "192.0.2.0/24"
                - "2001:db8::/32"

            """,
            AnswerWriter.Write(Samples.Screens, answers, "Written at the console.\r\n\nChange it\0as you like.\n")
        );
    }

    [Theory]
    [InlineData("\"*\"", "interactive: \"*\"\n")]
    [InlineData("[mta, \"*\"]", "interactive: \"*\"\n")]
    [InlineData("[mta, system]", "interactive: [system, mta]\n")]
    [InlineData("[]", "")]
    [InlineData("", "")]
    public void The_screens_to_ask_are_kept(string given, string expected)
    {
        var answers = Read(Encoding.UTF8.GetBytes($"version: 1\ninteractive: {given}\n"), out var report);
        Assert.Empty(report);
        Assert.Equal($"version: 1\n{expected}", AnswerWriter.Write(Samples.Screens, answers));
        Assert.Equal(
            expected.Contains('*', StringComparison.Ordinal) ? Samples.Screens.Screens.Length
                : expected.Length > 0 ? 2
                : 0,
            answers.Interactive.Length
        );
    }

    private static bool RoundTrip(Field field, string text)
    {
        Node node =
            field.IsTable
                ? new Sequence(Nowhere, [new Mapping(Nowhere, [.. field.Columns.Select(c => new Entry(c.Key, Nowhere, Scalar(text)))])])
            : field.IsList ? new Sequence(Nowhere, [Scalar(text), Scalar("x")])
            : field.Kind.Name == "password" ? new Mapping(Nowhere, [new Entry("file", Nowhere, Scalar(text))])
            : Scalar(text);
        foreach (var answers in new[] { Of(field.Path, node), Of(field.Path, Scalar(text)) })
        {
            var written = AnswerWriter.Write(Samples.Screens, answers, text);
            var read = Read(Encoding.UTF8.GetBytes(written), out var report);
            Assert.Empty(report);
            Assert.Equal(Show(answers[field.Path]!), Show(read[field.Path]!));
            Assert.Equal(written, AnswerWriter.Write(Samples.Screens, read, text));
        }

        return true;
    }

    private static string Show(Node node) =>
        node switch
        {
            Mapping map => $"{{{string.Join(";", map.Entries.Select(e => $"{e.Key}={Show(e.Value)}"))}}}",
            Sequence list => $"[{string.Join(";", list.Items.Select(Show))}]",
            _ => $"<{((Scalar)node).Text}>",
        };

    // The files a node gets hold every setting; keys and secrets of the samples are fixed.
    private static string Everything(Gatehouse.Core.Settings.GatewaySettings settings)
    {
        var node = Samples.Renderer.Render(settings, Samples.Material(settings), "");
        return string.Concat(node.Entries.Select(e => $"{e.Path} {e.Hash}\n"))
            + string.Concat(node.Contents.OrderBy(c => c.Key).Select(c => c.Value.Text));
    }

    private static IEnumerable<string> Codes(Report report) =>
        report.Select(f => $"{f.Code} {f.Path} {f.Message}").Order(StringComparer.Ordinal);

    private static Scalar Scalar(string text) => new(Nowhere, text, true);

    private static Answers Of(string path, Node node) => new("answers.yaml", ImmutableSortedDictionary<string, Node>.Empty.Add(path, node));

    private static Answers Read(ReadOnlySpan<byte> bytes, out Report report) =>
        AnswerFile.Read("answers.yaml", bytes, Samples.Screens, report = new Report());
}

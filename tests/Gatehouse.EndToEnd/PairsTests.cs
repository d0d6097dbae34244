using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>What the stories of choices and conversations stand on.</summary>
[Trait("Lane", "beside")]
public sealed class PairsTests
{
    private static readonly Choice[] Choices =
    [
        new("a.x", ["1", "2", "3"]),
        new("a.y", ["true", "false"]),
        new("b.z", ["p", "q", "r", "s"]),
        new("b.w", ["true", "false"]),
    ];

    [Fact]
    public void Each_value_is_had_in_as_many_sets_as_the_longest_choice_has_values()
    {
        var sets = Pairs.Each(Choices);
        Assert.Equal(4, sets.Count);
        for (var at = 0; at < Choices.Length; at++)
            Assert.Equal(Choices[at].Values.Order(), sets.Select(s => s[at]).Distinct().Order());
    }

    [Fact]
    public void Each_pair_is_had_in_few_sets_and_always_the_same()
    {
        var sets = Pairs.All(Choices);
        for (var a = 0; a < Choices.Length; a++)
        {
            for (var b = a + 1; b < Choices.Length; b++)
                Assert.Equal(Choices[a].Values.Count * Choices[b].Values.Count, sets.Select(s => (s[a], s[b])).Distinct().Count());
        }

        Assert.InRange(sets.Count, 12, 15);
        Assert.Equal(sets, Pairs.All(Choices));
    }

    [Fact]
    public void Questions_with_a_closed_set_of_answers_are_found_in_the_schema()
    {
        using var schema = JsonDocument.Parse(
            """
            {"properties": {"s": {"properties": {
              "kind": {"enum": ["1.2", "1.3"]}, "flag": {"type": "boolean"}, "name": {"type": "string"},
              "ports": {"type": "array", "items": {"enum": ["587", "465", 587, 465]}},
              "rows": {"type": "array", "items": {"properties": {"by": {"enum": ["a", "b"]}, "count": {"examples": ["7"]}}}}}}}}
            """
        );
        var choices = Pairs.Choices(schema.RootElement, "s");
        Assert.Equal(
            [
                "s.kind: \"1.2\" \"1.3\"",
                "s.flag: true false",
                "s.ports: [587, 465] [587] [465] []",
                "s.rows: [{by: a, count: 7}] [{by: b, count: 7}]",
            ],
            choices.Select(c => $"{c.Key}: {string.Join(' ', c.Values)}")
        );
        Assert.Equal("s:\n  kind: \"1.3\"\n  flag: true\n", Pairs.Changes([.. choices.Take(2)], ["\"1.3\"", "true"]));
    }

    [Fact]
    public void Changed_answers_take_the_place_of_those_with_their_key()
    {
        const string answers =
            "# Comment\nversion: 1\n\na:\n  name: old\n  table:\n    - x: 1\n      y: 2\n\n  # Size. Explained.\n  # size: 5\n\nb:\n  # "
            + "More.\n  more: 1   # one\n";
        Assert.Equal(
            "# Comment\nversion: 1\n\na:\n  name: new\n  table: [3]\n\n  # Size. Explained.\n  # size: 5\n  size: 6\n\nb:\n  # More.\n  "
                + "more:\n    - {p: q}\n\nc:\n  extra: yes\n",
            Example.Change(answers, "version: 1\na:\n  name: new\n  table: [3]\n  size: 6\nb:\n  more:\n    - {p: q}\nc:\n  extra: yes\n")
        );
    }

    [Fact]
    public void The_shipped_example_keeps_what_is_not_changed()
    {
        var changed = Example.With("system:\n  name: mx9.lab.example\n").Split('\n');
        var shipped = File.ReadAllText(Path.Combine(Lab.Root(), "iso", "answers", "standalone.yaml")).Split('\n');
        Assert.Equal(["  name: mx9.lab.example"], changed.Except(shipped));
        Assert.Equal(shipped.Length, changed.Length);
    }

    [Theory]
    [InlineData(
        "1aAAAA-000001-AA <= a@b.example H=x [192.0.2.1]:5 P=esmtp|1aAAAA-000001-AA => user@example.org R=behind "
            + "T=remote_smtp|1aAAAA-000001-AA Completed",
        ""
    )]
    [InlineData(
        "1aAAAA-000001-AA <= a@b.example H=x [192.0.2.1]:5 P=esmtp|1aAAAA-000001-AA == user@example.org R=behind T=remote_smtp defer (111)",
        ""
    )]
    [InlineData("", "1aAAAA-000001-AA was accepted and is not in the log")]
    [InlineData(
        "1aAAAA-000001-AA <= a@b.example H=x [192.0.2.1]:5 P=esmtp|1aAAAA-000001-AA Completed",
        "1aAAAA-000001-AA was accepted and is lost"
    )]
    [InlineData(
        "1aAAAA-000001-AA <= a@b.example H=x [192.0.2.1]:5 P=esmtp|1aAAAA-000001-AA => odd <\"o d\"@foreign.example> R=internet "
            + "T=remote_smtp|1aAAAA-000001-AA Completed",
        "relayed for 192.0.2.1: odd <\"o d\"@foreign.example> R=internet T=remote_smtp (1aAAAA-000001-AA)"
    )]
    [InlineData(
        "1aAAAA-000001-AA <= a@b.example H=x [10.0.0.1]:5 P=esmtp|1aAAAA-000001-AA => u@foreign.example R=internet|1aAAAA-000001-AA "
            + "Completed",
        ""
    )]
    [InlineData(
        "1aAAAA-000001-AA <= a@b.example H=x [192.0.2.1]:5 P=esmtp|1aAAAA-000001-AA ** user@example.org: too long|1aAAAA-000002-AA <= <> "
            + "R=1aAAAA-000001-AA U=Debian-exim|1aAAAA-000001-AA Completed",
        "bounced: user@example.org: too long (1aAAAA-000001-AA)"
    )]
    public void The_log_tells_what_must_not_be(string log, string fault)
    {
        Conversation[] conversations =
        [
            new("stranger", 7, [new("1aAAAA-000001-AA", "T", "a@b.example", ["user@example.org"])], ["> 'EHLO'"]),
        ];
        var judge = new ConversationJudge([.. log.Split('|').Select(l => $"2026-11-30 00:00:00 {l}")], ["example.org"], ["10.0.0.1"]);
        Assert.Equal(fault.Length == 0 ? [] : [$"stranger 7: {fault}\n    > 'EHLO'"], judge.Faults(conversations, "", "X-LAB-Scanned"));
    }

    [Fact]
    public void What_was_not_scanned_or_says_so_itself_is_found_among_what_was_delivered()
    {
        const string mailbox =
            "From a@b.example Mon\nX-Lab-Scanned: by us\nSubject: one\n\nbody\n\nFrom a@b.example Mon\nSubject: two\n\nX-Lab-Scanned: no "
            + "header\n\nFrom a@b.example Mon\nX-Lab-Scanned: by us\nX-Lab-Scanned: by them\n\nbody\n";
        var faults = new ConversationJudge([], [], []).Faults([], mailbox, "X-LAB-Scanned").ToArray();
        Assert.Equal(
            ["a message was delivered with 0 headers X-LAB-Scanned", "a message was delivered with 2 headers X-LAB-Scanned"],
            faults.Select(f => f.Split(':')[0])
        );
    }
}

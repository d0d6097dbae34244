using Gatehouse.Core.Logs;
using Xunit;

namespace Gatehouse.Tests.Logs;

/// <summary>What the lines of Exim's log tell about a message, and which messages belong together.</summary>
public sealed class MessageSearchTests
{
    private const string Taken = "1xXkCb-0000Nv-3w";
    private const string Released = "1xXkCn-0000Pm-52";
    private const string Other = "1xXkZz-0000Aa-00";

    private static readonly string[] Log =
    [
        $"{Taken} <= spammer@example.net H=(x) [192.0.2.1] P=esmtp S=900 id=one@example.net for user@example.org",
        $"{Taken} => user@example.org R=quarantine T=quarantine_store QT=0s",
        $"{Taken} Completed QT=0s",
        $"{Released} <= spammer@example.net R={Taken} U=root P=gatehouse-release S=960 id=one@example.net for user@example.org",
        $"{Released} => user@example.org R=behind T=remote_smtp H=10.77.0.71 [10.77.0.71] C=\"250 OK id=1xXkCo-0000Qq-11\"",
        $"{Released} Completed",
        $"{Other} <= forger@example.com H=(y) [192.0.2.2] P=esmtp S=900 id=one@example.net for user@example.org",
        $"{Other} Completed",
    ];

    [Theory]
    [InlineData(Taken)]
    [InlineData(Released)]
    public void The_trail_follows_a_release_in_both_directions_and_sets_a_shared_Message_ID_apart(string typed)
    {
        var (lines, search) = Find([typed]);
        Assert.Equal(Log.Length, lines.Length);
        Assert.Equal(Log[..6], lines.Where(search.IsOwn));
    }

    [Fact]
    public void Whoever_types_a_Message_ID_gets_all_that_have_it()
    {
        var (lines, search) = Find(["one@example.net"]);
        Assert.Equal(Log, lines);
        Assert.All(lines, l => Assert.True(search.IsOwn(l)));
    }

    [Theory]
    [InlineData("a@example.net", "id=R=" + Taken)]
    [InlineData("\"x R=" + Taken + " U=root\"@example.net", "id=x@y")]
    [InlineData("<>", "S=1 id=x R=" + Taken + " U=root")]
    public void A_stranger_cannot_forge_the_reference_to_another_message(string sender, string rest) =>
        Assert.Null(MessageTrail.ReferenceOf($"{Other} <= {sender} H=(y) [192.0.2.2] P=esmtp {rest} for user@example.org"));

    [Theory]
    [InlineData(
        Taken + " <= spammer@example.net H=(x) [192.0.2.1] P=esmtp S=900 id=one@example.net for user@example.org b@example.org",
        "spammer@example.net",
        "user@example.org b@example.org"
    )]
    [InlineData(Taken + " <= <> R=" + Other + " U=Debian-exim P=local S=1 for a@example.org", "", "a@example.org")]
    [InlineData(Taken + " => User <user@example.org> R=behind T=remote_smtp H=x", null, "User user@example.org")]
    [InlineData(Taken + " == user@example.org R=behind T=remote_smtp defer (111): Connection refused", null, "user@example.org")]
    [InlineData(Taken + " ** user@example.org R=behind T=remote_smtp: 550 no", null, "user@example.org")]
    [InlineData(
        "H=(x) [192.0.2.1] F=<a@example.net> rejected RCPT <b@foreign.example>: relay not permitted",
        "a@example.net",
        "b@foreign.example"
    )]
    [InlineData("H=(x) [192.0.2.1] F=<> temporarily rejected RCPT <b@example.org>: later", "", "b@example.org")]
    [InlineData(Taken + " Completed", null, "")]
    public void A_line_tells_sender_and_recipients(string text, string? sender, string recipients)
    {
        Assert.Equal(sender, MessageTrail.SenderOf(text));
        Assert.Equal(recipients, string.Join(' ', MessageTrail.RecipientsOf(text)));
    }

    [Fact]
    public void Sender_and_recipient_may_stand_on_different_lines_of_a_message_and_refusals_count_alone()
    {
        string[] lines =
        [
            .. Log,
            "H=(x) [192.0.2.1] F=<spammer@example.net> rejected RCPT <user@example.org>: no",
            "H=(x) [192.0.2.1] F=<spammer@example.net> rejected RCPT <b@example.org>: no",
        ];
        var (ids, alone) = new MailFilter("SPAMMER@", "user@").Select(lines, l => l, _ => 0);
        Assert.Equal<string>([Taken, Released], ids);
        Assert.Equal<string>([lines[8]], alone);
        Assert.Equal<string>([Other], new MailFilter("forger").Select(lines, l => l, _ => 0).Ids);
    }

    [Fact]
    public void A_message_is_summed_up_in_a_line()
    {
        string[] texts =
        [
            Log[0],
            $"{Taken} gatehouse: verdict=high-spam score=15.0 action=reject size=900 scanned=rspamd symbols=GTUBE reason=score 15.0",
            Log[1],
            Log[2],
        ];
        var summary = MessageSummary.Of(
            Taken,
            "mx1.example.org",
            texts.Select((t, i) => new LogLine($"s=0;i={i}", DateTimeOffset.FromUnixTimeSeconds(1790000000), "exim", 6, t))
        );
        Assert.Equal(
            $"2026-09-21 14:13:20  mx1  {Taken}  spammer@example.net  ->  user@example.org  high-spam 15.0 reject: quarantined",
            summary.AsText()
        );
        var waiting = MessageSummary.Of(
            Taken,
            "mx1",
            [
                new LogLine(
                    "s=0;i=1",
                    DateTimeOffset.UnixEpoch,
                    "exim",
                    6,
                    $"{Taken} == u@example.org R=behind T=remote_smtp defer (111): Connection refused"
                ),
            ]
        );
        Assert.Equal("waiting", waiting.State);
        string[] held = [$"{Taken} == u@example.org R=behind T=remote_smtp defer (111): Connection refused", $"{Taken} frozen by root"];
        Assert.Equal("on hold", State(held));
        Assert.Equal("waiting", State([.. held, $"{Taken} Unfrozen by forced delivery"]));
        Assert.Equal("removed", State([.. held, $"{Taken} removed by root", $"{Taken} Completed"]));
        static string State(string[] texts) =>
            MessageSummary
                .Of(Taken, "mx1", texts.Select((t, i) => new LogLine($"s=0;i={i}", DateTimeOffset.UnixEpoch, "exim", 6, t)))
                .State;
    }

    [Fact]
    public void Words_are_looked_for_as_they_are_and_arrive_as_they_were_asked()
    {
        var query = new LogQuery { Words = ["a.b@example.org", "ü (x)"] };
        Assert.Contains(@"--grep=a\.b\@example\.org|ü\ \(x\)", query.JournalArguments());
        Assert.Contains("--case-sensitive=no", query.JournalArguments());
        var parts = query
            .ToUrl()
            .TrimStart('?')
            .Split('&')
            .Select(p => p.Split('=', 2))
            .Select(p => KeyValuePair.Create(p[0], Uri.UnescapeDataString(p[1])));
        Assert.True(LogQuery.TryRead(parts, out var read, out var problem), problem);
        Assert.Equal<string>(query.JournalArguments(), read.JournalArguments());
        Assert.True(query.Holds("x A.B@EXAMPLE.ORG"));
        Assert.False(query.Holds("a_b@example.org"));
        Assert.False(LogQuery.TryRead([KeyValuePair.Create("word", "a\nb")], out _, out _));
    }

    private static (string[] Lines, MessageSearch Search) Find(string[] ids)
    {
        var search = new MessageSearch(ids);
        var found = new HashSet<string>();
        while (search.Next() is { IsEmpty: false } next)
        {
            found.UnionWith(Log.Where(l => next.Any(id => l.Contains(id, StringComparison.Ordinal))));
            foreach (var line in Log.Where(found.Contains))
                search.Take(line);
        }

        return ([.. Log.Where(l => found.Contains(l) && search.IsPart(l))], search);
    }
}

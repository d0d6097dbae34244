using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Status;
using Gatehouse.Watching;
using Xunit;

namespace Gatehouse.Tests.Standalone;

/// <summary>The state of a gateway of its own, and what its postmaster is told.</summary>
public sealed partial class StatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly GatewayStatus Well = new()
    {
        Name = "mx1.example.org",
        Release = "1.0",
        Now = Now,
        Apply = new ApplyStatus(3, Now.AddDays(-1), "good", "apply"),
        Verify = VerifyRecord.After(null, Now.AddMinutes(-30), []),
        Units = [new UnitStatus("exim4.service", "active")],
        Queue = new QueueStatus(2, 1, 600),
        Disks = [new DiskStatus("spool", "/var/spool/exim4", 40, 1 << 30)],
        Certificates = [new CertificateStatus("mta", Now.AddDays(60))],
        ScansForViruses = true,
        Signatures = Now.AddHours(-10),
    };

    public static TheoryData<string, string> Faults =>
        new()
        {
            { "unit", "exim4.service is not running (failed)." },
            { "verify", "The last verification failed: web: it answers (refused)." },
            { "stale", "The last verification was 5 h ago" },
            { "queue", "The oldest of 2 messages in the queue has been waiting for 13 h." },
            { "disk", "The file system of /var/spool/exim4 is 91 % full." },
            { "certificate", "The certificate of mta expires in 10 days." },
            { "expired", "The certificate of mta expired 24 h ago." },
            { "signatures", "The virus signatures are 4 days old." },
            { "none", "ClamAV has no virus signatures" },
            { "cut", "The apply of generation 3 was interrupted." },
        };

    [Fact]
    public void Nothing_wrong_is_healthy_and_said_in_a_sentence()
    {
        Assert.True(Well.IsHealthy);
        Assert.Contains("No problems.", StatusText.AsText(Well), StringComparison.Ordinal);
        Assert.Contains("2 messages, the oldest waiting for 10 min, 1 on hold", StatusText.AsText(Well), StringComparison.Ordinal);
    }

    [Fact]
    public void A_good_apply_counts_as_a_verification_until_a_later_one()
    {
        Assert.Equal(Now, VerifyRecord.Newest(null, Now)?.Time);
        Assert.True(VerifyRecord.Newest(VerifyRecord.After(null, Now.AddHours(-1), ["web"]), Now)!.IsHealthy);
        Assert.False(VerifyRecord.Newest(VerifyRecord.After(null, Now.AddHours(1), ["web"]), Now)!.IsHealthy);
        Assert.Null(VerifyRecord.Newest(null, null));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void What_is_wrong_is_told_and_not_healthy(string fault, string words)
    {
        var status = fault switch
        {
            "unit" => Well with { Units = [new UnitStatus("exim4.service", "failed")] },
            "verify" => Well with { Verify = VerifyRecord.After(null, Now, ["web: it answers (refused)"]) },
            "stale" => Well with { Verify = VerifyRecord.After(null, Now.AddHours(-5), []) },
            "queue" => Well with { Queue = new QueueStatus(2, 0, 13 * 3600) },
            "disk" => Well with { Disks = [new DiskStatus("spool", "/var/spool/exim4", 91, 1)] },
            "certificate" => Well with { Certificates = [new CertificateStatus("mta", Now.AddDays(10))] },
            "expired" => Well with { Certificates = [new CertificateStatus("mta", Now.AddDays(-1))] },
            "signatures" => Well with { Signatures = Now.AddDays(-4) },
            "none" => Well with { Signatures = null },
            _ => Well with { Apply = Well.Apply! with { Result = "interrupted" } },
        };
        Assert.False(status.IsHealthy);
        Assert.StartsWith(words, Assert.Single(status.Problems), StringComparison.Ordinal);
        Assert.Contains("gatehouse_healthy 0\n", StatusText.AsPrometheus(status), StringComparison.Ordinal);
    }

    [Fact]
    public void What_Prometheus_reads_is_in_its_form()
    {
        var text = StatusText.AsPrometheus(Well with { Name = "a\"b\\c", Signatures = null });
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var names = new HashSet<string>();
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                Assert.True(names.Add(line.Split(' ')[2]), line);
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                Assert.Contains(line.Split(' ')[2], names);
            else
                Assert.Matches(Sample(), line);
        }

        Assert.Contains("name=\"a\\\"b\\\\c\"", text, StringComparison.Ordinal);
        Assert.Contains("gatehouse_queue_oldest_age_seconds 600\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_postmaster_is_told_once_that_something_is_wrong_and_once_that_it_is_well()
    {
        var wrong = VerifyRecord.After(VerifyRecord.After(null, Now, []), Now.AddHours(1), ["web: no"]);
        Assert.Equal(WatchNews.Wrong, wrong.News);
        var told = VerifyRecord.Read((wrong with { IsTold = true }).Write())!;
        var still = VerifyRecord.After(told, Now.AddHours(2), ["web: no", "exim: no"]);
        Assert.Equal((WatchNews.None, Now.AddHours(1)), (still.News, still.WrongSince));
        var well = VerifyRecord.After(still, Now.AddHours(3), []);
        Assert.Equal(WatchNews.Well, well.News);
        Assert.Equal(WatchNews.None, VerifyRecord.After(well with { IsTold = false }, Now.AddHours(4), []).News);
        Assert.Null(VerifyRecord.Read("{}"u8));
        // What a service said is a stranger's text, and each line of the message is one of ours.
        Assert.Contains("\n  - web: a?b\n", Watch.Message("mx1", VerifyRecord.After(null, Now, ["web: a\nb"])), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_list_that_is_too_long_to_be_sent_as_many_messages_as_fit_are_sent()
    {
        var messages = Enumerable.Range(0, 5000).Select(i => Message(i)).ToImmutableArray();
        var sent = new QuarantineAnswer { Done = true, Messages = messages }.Fit();
        var few = new QuarantineAnswer { Done = true, Messages = messages[..200] }.Fit();
        Assert.InRange(sent.Length, QuarantineAnswer.MostCharacters - 1000, QuarantineAnswer.MostCharacters);
        Assert.True(sent.Split("\"sender\"").Length >= few.Split("\"sender\"").Length);
        Assert.Contains("\"more\":true", sent, StringComparison.Ordinal);
        static QuarantinedMessage Message(int i) =>
            new()
            {
                Node = 1,
                Message = $"1xUsvq-{i:000000}-00",
                Verdict = "spam",
                Reason = "score 9",
                Score = 9,
                Received = Now,
                Size = 1,
                Client = "192.0.2.1",
                Helo = "x",
                From = "a@example.net",
                Subject = "hello",
                Sender = "a@example.net",
                Recipients = ["b@example.org"],
            };
    }

    [GeneratedRegex("""^[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? -?[0-9.]+(E[+-]?[0-9]+)?$""")]
    private static partial Regex Sample();
}

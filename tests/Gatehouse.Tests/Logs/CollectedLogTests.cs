using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Logs;
using Gatehouse.Logs;
using Xunit;

namespace Gatehouse.Tests.Logs;

/// <summary>Collected files and checkpoints on a disk.</summary>
public sealed class CollectedLogTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-logs").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Collecting_goes_on_after_the_last_whole_line_wherever_it_was_cut_off()
    {
        Add(0, 1, 2);
        var file = Path.Combine(directory, "mx1", "2026-03-01.log");
        var text = File.ReadAllBytes(file);
        for (var cut = 0; cut <= text.Length; cut += 7)
        {
            File.WriteAllBytes(file, text[..cut]);
            string? last;
            using (var log = CollectedLog.Open(directory, "mx1", 0, TimeProvider.System))
                last = log.Last;
            Add(0, Enumerable.Range(1, 2).Where(n => last is null || n > last[^1] - '0').ToArray());
            Assert.Equal(text, File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void A_day_has_its_file_and_old_ones_go()
    {
        foreach (var day in Enumerable.Range(0, 6))
            Add(day, day + 1);
        Assert.Equal(["2026-03-04", "2026-03-05", "2026-03-06"], Days());
        // A clock that was set back begins no older file: the last line of the last one is where reading goes on.
        Add(1, 7);
        using var log = CollectedLog.Open(directory, "mx1", 0, TimeProvider.System);
        Assert.Equal("s=0;i=7", log.Last);
        Assert.Equal(3, Days().Length);
    }

    [Fact]
    public void A_node_whose_clock_is_wrong_throws_nothing_away()
    {
        Add(0, 1);
        Add(20, today: 1, 2);
        Add(1, 3);
        Assert.Equal(["2026-03-01", "2026-03-02"], Days());
    }

    [Fact]
    public void A_last_file_without_a_line_leaves_the_place_to_the_one_before()
    {
        Add(0, 1);
        File.WriteAllText(Path.Combine(directory, "mx1", "2026-03-02.log"), "{\"cut");
        using var log = CollectedLog.Open(directory, "mx1", 0, TimeProvider.System);
        Assert.Equal("s=0;i=1", log.Last);
    }

    [Fact]
    public void A_subscriber_goes_on_where_it_was_and_is_one_process_only()
    {
        using (var first = Subscriber.Open("reports", directory))
        {
            Assert.Empty(first.Checkpoint.Positions);
            first.Checkpoint = first.Checkpoint.After(3, LogTests.Cursor);
            first.Save();
            Assert.Contains(
                "another process already reads as subscriber 'reports'",
                Assert.Throws<SequenceException>(() => Subscriber.Open("reports", directory)).Message,
                StringComparison.Ordinal
            );
        }

        using (var again = Subscriber.Open("reports", directory))
            Assert.Equal(LogTests.Cursor, again.Checkpoint.Of(3));
        File.WriteAllText(Path.Combine(directory, "reports.json"), "nonsense");
        Assert.Contains(
            "is not a checkpoint",
            Assert.Throws<SequenceException>(() => Subscriber.Open("reports", directory)).Message,
            StringComparison.Ordinal
        );
    }

    private string[] Days() =>
        [
            .. Directory
                .GetFiles(Path.Combine(directory, "mx1"))
                .Select(f => Path.GetFileNameWithoutExtension(f)!)
                .Order(StringComparer.Ordinal),
        ];

    private void Add(int day, params int[] numbers) => Add(day, null, numbers);

    private void Add(int day, int? today, params int[] numbers)
    {
        using var log = CollectedLog.Open(directory, "mx1", 2, new Noon(today ?? day));
        foreach (var number in numbers)
            log.Add(
                new LogLine(
                    $"s=0;i={number}",
                    new DateTimeOffset(2026, 3, 1 + day, 12, 0, 0, TimeSpan.Zero),
                    "exim",
                    6,
                    $"line {number} of the day"
                )
            );
    }

    private sealed class Noon(int day) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 3, 1 + day, 12, 0, 1, TimeSpan.Zero);
    }
}

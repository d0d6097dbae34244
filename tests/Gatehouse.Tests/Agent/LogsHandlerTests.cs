using Gatehouse.Agent;
using Gatehouse.Core.Logs;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Agent;

/// <summary>Lines on their way from agent to agent.</summary>
public sealed class LogsHandlerTests : IDisposable
{
    private readonly SampleCluster cluster = new(made: DateTimeOffset.UtcNow);
    private readonly TestMember here;
    private readonly TestMember caller;
    private readonly string collected = Directory.CreateTempSubdirectory("gatehouse-collected").FullName;

    public LogsHandlerTests() => (here, caller) = (new TestMember(cluster, 1, epoch: 1), new TestMember(cluster, 2));

    public void Dispose()
    {
        here.Dispose();
        caller.Dispose();
        Directory.Delete(collected, recursive: true);
    }

    [Fact]
    public async Task Collected_lines_are_chosen_by_id_and_time()
    {
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own, collected, default);
        Directory.CreateDirectory(Path.Combine(collected, "mx3.example.org"));
        var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        File.WriteAllLines(
            Path.Combine(collected, "mx3.example.org", "2026-03-01.log"),
            Enumerable
                .Range(0, 4)
                .Select(n =>
                    CollectedLine.Write(
                        "mx3.example.org",
                        new LogLine($"s=0;i={n}", noon.AddHours(n), "exim", 6, $"1xUsvq-00009Z-{n % 2}e id=<{n}>")
                    )
                )
        );
        Assert.Equal(
            ["s=0;i=1", "s=0;i=3"],
            (await AskAsync(agent.Port, new LogQuery { CollectedOf = "mx3.example.org", Ids = ["1xUsvq-00009Z-1e"] })).Select(l => l.Cursor)
        );
        Assert.Equal(
            ["s=0;i=2", "s=0;i=3"],
            (await AskAsync(agent.Port, new LogQuery { CollectedOf = "mx3.example.org", Since = noon.AddHours(2) })).Select(l => l.Cursor)
        );
        var nobody = await Assert.ThrowsAsync<AgentException>(() => AskAsync(agent.Port, new LogQuery { CollectedOf = "mx4.example.org" }));
        Assert.Equal("none-collected", nobody.Refusal?.Code);
        Assert.Equal(
            "no-query",
            (
                await Assert.ThrowsAsync<AgentException>(() =>
                    AskAsync(agent.Port, new LogQuery { CollectedOf = "mx3.example.org", Follow = true })
                )
            )
                .Refusal
                ?.Code
        );
    }

    [Fact]
    public async Task An_agent_that_stops_is_told_from_the_end_of_the_lines()
    {
        using var stop = new CancellationTokenSource();
        using var own = here.Read();
        await using var agent = await TestAgent.StartAsync(cluster, () => own, collected, stop.Token);
        using var credentials = caller.Read();
        using var client = AgentClient.Member(credentials, "localhost", agent.Port, TimeProvider.System);
        // This machine has a journal or not; who follows waits for it to say something either way.
        await using var stream = await client.LogAsync(
            new LogQuery { Since = DateTimeOffset.UtcNow.AddHours(1), Follow = true },
            TimeSpan.FromSeconds(20),
            default
        );
        Assert.True((await stream.NextAsync(default)).GetValueOrDefault().IsEmpty);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<AgentException>(async () =>
        {
            while (await stream.NextAsync(default) is not null) { }
        });
    }

    private async Task<List<LogLine>> AskAsync(int port, LogQuery query)
    {
        // Read anew each time, as by who follows a log for months.
        using var credentials = caller.Read();
        using var client = AgentClient.Member(credentials, "localhost", port, TimeProvider.System);
        await using var stream = await client.LogAsync(query, TimeSpan.FromSeconds(10), default);
        var lines = new List<LogLine>();
        while (await stream.NextAsync(default) is { } line)
            if (CollectedLine.Read(line) is { } read)
                lines.Add(read.Line);
        return lines;
    }
}

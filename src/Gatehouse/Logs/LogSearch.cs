using System.Collections.Immutable;
using System.Threading.Channels;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Logs;
using Gatehouse.Core.Trust;

namespace Gatehouse.Logs;

/// <summary>A line, and whose it is.</summary>
internal sealed record NodeLine(ClusterNode Node, LogLine Line);

/// <summary>Reads what the logs of members hold now, all at the same time; one that is away keeps nobody waiting for the others.</summary>
/// <param name="members">Whom to ask.</param>
/// <param name="silence">How long one may say nothing.</param>
internal sealed class LogSearch(ImmutableArray<ClusterNode> members, TimeSpan silence)
{
    private const int Ahead = 2000;
    private readonly Lock gate = new();
    private readonly SortedDictionary<int, string> missing = [];

    /// <summary>Members whose lines are not all there, by number, and why.</summary>
    public IReadOnlyDictionary<int, string> Missing => missing;

    /// <summary>Members of whose log lines are gone that were not read before.</summary>
    public HashSet<int> Cut { get; } = [];

    /// <summary>The lines of all, in the order of their times.</summary>
    /// <param name="query">Which ones of a member.</param>
    /// <param name="ct">Ends it.</param>
    public async IAsyncEnumerable<NodeLine> ReadAsync(
        Func<ClusterNode, LogQuery> query,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct
    )
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sources = members
            .Select(node =>
                (
                    Node: node,
                    Lines: Channel.CreateBounded<LogLine>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true })
                )
            )
            .ToArray();
        var readers = sources
            .Select(s => Task.Run(() => FillAsync(s.Node, query(s.Node), s.Lines.Writer, end.Token), CancellationToken.None))
            .ToArray();
        try
        {
            // The earliest of all first lines is the next one; so each must have shown its first, or have none.
            var heads = new PriorityQueue<(ClusterNode Node, LogLine Line, ChannelReader<LogLine> Others), (DateTimeOffset, int)>();
            foreach (var (node, lines) in sources)
                await NextAsync(node, lines.Reader);
            while (heads.TryDequeue(out var head, out _))
            {
                yield return new NodeLine(head.Node, head.Line);
                await NextAsync(head.Node, head.Others);
            }

            async ValueTask NextAsync(ClusterNode node, ChannelReader<LogLine> lines)
            {
                if (await lines.WaitToReadAsync(ct) && lines.TryRead(out var line))
                    heads.Enqueue((node, line, lines), (line.Time, node.Number));
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(readers);
        }
    }

    /// <summary>What a living member has collected of those that did not answer. Who was found so is still named as missing.</summary>
    /// <param name="query">Which lines.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<ImmutableArray<NodeLine>> CollectedAsync(LogQuery query, CancellationToken ct)
    {
        var all = new List<NodeLine>();
        foreach (var dead in members.Where(m => missing.ContainsKey(m.Number)).ToArray())
        {
            var answers = await Task.WhenAll(
                members
                    .Where(m => !missing.ContainsKey(m.Number))
                    .Select(async living =>
                    {
                        var lines = new List<NodeLine>();
                        try
                        {
                            await new NodeLog(living, silence).ReadAsync(
                                query with
                                {
                                    CollectedOf = dead.Name,
                                },
                                (line, _) =>
                                {
                                    lines.Add(new NodeLine(dead, line));
                                    return ValueTask.CompletedTask;
                                },
                                () => { },
                                ct
                            );
                            return new Collected(living, lines);
                        }
                        catch (Exception e) when (e is AgentException or TrustException)
                        {
                            // Most members collect nothing.
                            return new Collected(living, null);
                        }
                    })
            );
            if (answers.FirstOrDefault(a => a.Lines is not null) is not { Lines: { } found, From: { } from })
                continue;
            missing[dead.Number] += $" Its lines come from the copy collected by {from.Name}.";
            all.AddRange(found);
        }

        return [.. all];
    }

    private sealed record Collected(ClusterNode From, List<NodeLine>? Lines);

    private async Task FillAsync(ClusterNode node, LogQuery query, ChannelWriter<LogLine> lines, CancellationToken ct)
    {
        try
        {
            await new NodeLog(node, silence).ReadAsync(
                query,
                (line, _) => lines.WriteAsync(line, ct),
                () => Note(() => Cut.Add(node.Number)),
                ct
            );
        }
        catch (Exception e) when (e is AgentException or TrustException)
        {
            Note(() => missing[node.Number] = $"{node.Name}: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            // Nobody reads on.
        }
        finally
        {
            lines.Complete();
        }
    }

    private void Note(Action what)
    {
        lock (gate)
            what();
    }
}

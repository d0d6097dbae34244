using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Logs;

namespace Gatehouse.Logs;

/// <summary>Reads the log of one member through its agent.</summary>
/// <param name="node">The member.</param>
/// <param name="silence">How long it may say nothing, not even that it is alive.</param>
internal sealed class NodeLog(ClusterNode node, TimeSpan silence)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Whose log it is.</summary>
    public ClusterNode Node => node;

    /// <summary>Hands over the lines that there are, after the one that was read last.</summary>
    /// <param name="query">Which ones.</param>
    /// <param name="take">Takes a line, and whether there is another one already.</param>
    /// <param name="lost">Told when lines after the last one are gone, before those that are left.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="AgentException">It cannot be read, or not to the end.</exception>
    public async Task ReadAsync(LogQuery query, Func<LogLine, bool, ValueTask> take, Action lost, CancellationToken ct)
    {
        var first = query.Cursor;
        if (OwnJournal.IsOwn(node))
        {
            await OwnJournal.ReadAsync(query, (bytes, more) => PassAsync(bytes, more), ct);
            return;
        }

        // Read anew each time: certificates are renewed while this runs.
        using var credentials = Credentials.Read();
        using var client = AgentClient.Member(credentials, node, TimeProvider.System);
        await using var stream = await client.LogAsync(query, silence, ct);
        while (await stream.NextAsync(ct) is { } bytes)
            if (!bytes.IsEmpty)
                await PassAsync(bytes, stream.IsReady);

        async ValueTask PassAsync(ReadOnlyMemory<byte> bytes, bool more)
        {
            var line =
                (query.CollectedOf is null ? LogLine.Read(bytes) : CollectedLine.Read(bytes)?.Line)
                ?? throw new AgentException(
                    $"{node.Name} sends data that this release does not understand; install the same release on both nodes."
                );
            // The answer begins with the line that was the last one: if it is still there, nothing after it is gone.
            var isKnown = line.Cursor == first;
            if (first is not null && !isKnown)
                lost();
            first = null;
            if (!isKnown)
                await take(line, more);
        }
    }

    /// <summary>Hands over lines for as long as nobody ends it, however often the member is away meanwhile.</summary>
    /// <param name="last">The line that was taken last; null when there was none.</param>
    /// <param name="since">Where to begin when there was none.</param>
    /// <param name="take">Takes a line, and whether there is another one already.</param>
    /// <param name="lost">Told when lines after the last one are gone.</param>
    /// <param name="trouble">Told what is in the way, once; and with an empty text when it is over.</param>
    /// <param name="ct">Ends it.</param>
    public async Task FollowAsync(
        Func<string?> last,
        DateTimeOffset? since,
        Func<LogLine, bool, ValueTask> take,
        Action lost,
        Action<string> trouble,
        CancellationToken ct
    )
    {
        var told = "";
        while (!ct.IsCancellationRequested)
        {
            var problem = $"the log of {node.Name} ended";
            try
            {
                var query = last() is { } cursor
                    ? new LogQuery { Cursor = cursor, Follow = true }
                    : new LogQuery { Since = since, Follow = true };
                await ReadAsync(
                    query,
                    (line, more) =>
                    {
                        if (told.Length > 0)
                            trouble("");
                        told = "";
                        return take(line, more);
                    },
                    lost,
                    ct
                );
            }
            catch (Exception e) when (e is AgentException or Core.Trust.TrustException)
            {
                problem = e.Message;
            }

            // An agent that starts again, as for a new release, is back in a moment; that is not worth a word.
            if (told.Length == 0 && !ct.IsCancellationRequested)
                trouble(problem);
            told = problem;
            await Task.Delay(Pause, ct);
        }
    }
}

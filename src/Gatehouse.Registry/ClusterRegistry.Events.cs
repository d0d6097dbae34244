using System.Collections.Immutable;
using System.Data;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>The record of what was done.</summary>
public sealed partial class ClusterRegistry
{
    private const string EventColumns = "number, at, actor, kind, detail, encode(previous, 'hex'), encode(hash, 'hex')";

    /// <summary>Appends an event in the name of this login.</summary>
    /// <param name="kind">Lower-case letters and hyphens; kinds with a dot are the registry's own.</param>
    /// <param name="detail">At most 8,192 characters, no secret.</param>
    /// <param name="ct">Gives up.</param>
    public Task AppendEventAsync(string kind, string detail, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.append_event($1, $2)", kind, detail), ct);

    /// <summary>Events after one, oldest first.</summary>
    /// <param name="after">The number of the last one known; 0 for the beginning.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Gives up.</param>
    public Task<ImmutableArray<ClusterEvent>> EventsAsync(long after = 0, int limit = 1000, CancellationToken ct = default) =>
        RowsAsync(
            new($"SELECT {EventColumns} FROM gatehouse.events WHERE number > $1 ORDER BY number LIMIT $2", after, limit),
            ReadEvent,
            ct
        );

    /// <summary>Computes the chain of events again, here and not in the database, and finds the first broken link.</summary>
    public Task<EventChain> VerifyEventsAsync(CancellationToken ct = default) =>
        UseAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
                var (count, first, head) = (0L, 0L, ClusterEvent.Beginning);
                await using (var command = new NpgsqlCommand($"SELECT {EventColumns} FROM gatehouse.events ORDER BY number", connection))
                await using (var reader = await command.ExecuteReaderAsync(ct))
                {
                    while (await reader.ReadAsync(ct))
                    {
                        var next = ReadEvent(reader);
                        if (first == 0)
                        {
                            first = next.Number;
                            // Its hash holds its time, so that a later one is not made the first by giving it an early time.
                            if (first > 1 && next.At < DateTimeOffset.UtcNow - ClusterEvent.KeptFor)
                                (count, head) = (first - 1, next.Previous);
                        }

                        if (next.Number != count + 1)
                            return Broken(count + 1, $"event {count + 1} is missing");
                        if (next.Previous != head)
                            return Broken(next.Number, $"event {next.Number} does not follow the one before it");
                        if (next.HashAfter(head) != next.Hash)
                            return Broken(next.Number, $"event {next.Number} was changed after it was written");
                        (count, head) = (next.Number, next.Hash);
                    }
                }

                await using var ends = new NpgsqlCommand("SELECT number, encode(hash, 'hex') FROM gatehouse.events_head", connection);
                await using var end = await ends.ExecuteReaderAsync(ct);
                await end.ReadAsync(ct);
                return end.GetInt64(0) == count && end.GetString(1) == head
                    ? new EventChain(first, count, head, null, "")
                    : Broken(count + 1, $"the chain should end with event {end.GetInt64(0)}, and ends with {count}");

                EventChain Broken(long number, string why) => new(first, count, head, number, why);
            },
            ct
        );

    private static ClusterEvent ReadEvent(NpgsqlDataReader r) =>
        new(r.GetInt64(0), r.Time(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5), r.GetString(6));
}

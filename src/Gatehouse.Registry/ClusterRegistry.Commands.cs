using System.Collections.Immutable;

namespace Gatehouse.Registry;

/// <summary>How a node fared with a command.</summary>
public enum CommandState
{
    /// <summary>It was carried out.</summary>
    Done,

    /// <summary>It was tried, and failed.</summary>
    Failed,

    /// <summary>The node would not: it came too late, or is of no use there.</summary>
    Refused,
}

/// <summary>An order to members.</summary>
/// <param name="Number">Its place in the order.</param>
/// <param name="Kind">What is to be done, a word.</param>
/// <param name="Arguments">A JSON object.</param>
/// <param name="Nodes">To whom, by number.</param>
/// <param name="By">The member that ordered it, and in brackets the administrator there, if one is known.</param>
/// <param name="At">When.</param>
/// <param name="Deadline">A node that has not begun by then does not begin.</param>
public sealed record ClusterCommand(
    long Number,
    string Kind,
    string Arguments,
    ImmutableArray<int> Nodes,
    string By,
    DateTimeOffset At,
    DateTimeOffset Deadline
);

/// <summary>What became of a command on a node.</summary>
/// <param name="Command">The command's number.</param>
/// <param name="Node">The node's number.</param>
/// <param name="State">How it went.</param>
/// <param name="Output">What it printed.</param>
/// <param name="At">When.</param>
public sealed record CommandResult(long Command, int Node, CommandState State, string Output, DateTimeOffset At);

/// <summary>Ordered commands.</summary>
public sealed partial class ClusterRegistry
{
    private const string CommandColumns = "c.number, c.kind, c.arguments::text, c.nodes, c.by, c.at, c.deadline";

    /// <summary>Orders something. By any member.</summary>
    /// <param name="kind">Lower-case letters and hyphens.</param>
    /// <param name="arguments">A JSON object.</param>
    /// <param name="nodes">To whom; empty for all members.</param>
    /// <param name="deadline">Until when a node may begin.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Its number.</returns>
    public Task<long> IssueCommandAsync(
        string kind,
        string arguments,
        ImmutableArray<int> nodes,
        DateTimeOffset deadline,
        CancellationToken ct = default
    ) => ScalarAsync<long>(new("SELECT gatehouse.issue_command($1, $2::jsonb, $3, $4)", kind, arguments, nodes.ToArray(), deadline), ct);

    /// <summary>What a node has yet to carry out or refuse, in order; those whose deadline has passed too.</summary>
    public Task<ImmutableArray<ClusterCommand>> PendingCommandsAsync(int node, CancellationToken ct = default) =>
        RowsAsync(
            new(
                $"""
                SELECT {CommandColumns} FROM gatehouse.commands c
                WHERE $1 = ANY (c.nodes)
                  AND NOT EXISTS (SELECT FROM gatehouse.command_results r WHERE r.command = c.number AND r.node = $1)
                ORDER BY c.number
                """,
                node
            ),
            r => new ClusterCommand(
                r.GetInt64(0),
                r.GetString(1),
                r.GetString(2),
                [.. r.GetFieldValue<int[]>(3)],
                r.GetString(4),
                r.Time(5),
                r.Time(6)
            ),
            ct
        );

    /// <summary>Whether a node has something to carry out, or a version of the settings is on its way, which members look after.</summary>
    public Task<bool> HasWorkAsync(int node, CancellationToken ct = default) =>
        ScalarAsync<bool>(
            new(
                """
                SELECT EXISTS (SELECT FROM gatehouse.settings WHERE state IN ('trying', 'following'))
                  OR EXISTS (
                    SELECT FROM gatehouse.commands c
                    WHERE $1 = ANY (c.nodes)
                      AND NOT EXISTS (SELECT FROM gatehouse.command_results r WHERE r.command = c.number AND r.node = $1)
                  )
                """,
                node
            ),
            ct
        );

    /// <summary>Records how a command went on this node.</summary>
    /// <returns>False when a result was there already; that one stays.</returns>
    public Task<bool> RecordCommandResultAsync(long command, CommandState state, string output, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.record_command_result($1, $2, $3)", command, state.ToWord(), Kept(output)), ct);

    /// <summary>What became of a command, node by node.</summary>
    public Task<ImmutableArray<CommandResult>> CommandResultsAsync(long command, CancellationToken ct = default) =>
        RowsAsync(
            new("SELECT command, node, state, output, at FROM gatehouse.command_results WHERE command = $1 ORDER BY node", command),
            r => new CommandResult(r.GetInt64(0), r.GetInt32(1), r.Word<CommandState>(2), r.GetString(3), r.Time(4)),
            ct
        );
}

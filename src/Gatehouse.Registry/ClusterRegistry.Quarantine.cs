using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Registry;

/// <summary>What somebody does with a quarantined message, or did.</summary>
/// <param name="Granted">Whether it was given to the caller.</param>
/// <param name="Message">The message, NODE/MESSAGE.</param>
/// <param name="Action">release or delete.</param>
/// <param name="Done">Whether it came to its end.</param>
/// <param name="Node">The number of the node.</param>
/// <param name="NodeName">Its name.</param>
/// <param name="At">When it was begun.</param>
/// <param name="Overdue">Whether its time is over without an end: it may have been done or not.</param>
public sealed record MessageClaim(
    bool Granted,
    string Message,
    string Action,
    bool Done,
    int Node,
    string NodeName,
    DateTimeOffset At,
    bool Overdue
);

/// <summary>The shared quarantine.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>How long a node has for a message before others may take it over.</summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromMinutes(2);

    /// <summary>The shortest time that a message can be claimed for; the longest is ten minutes.</summary>
    public static readonly TimeSpan ShortestClaim = TimeSpan.FromSeconds(1);

    /// <summary>Asks to do something with a message; of all that ask, one is granted it.</summary>
    /// <param name="message">NODE/MESSAGE.</param>
    /// <param name="action">release or delete.</param>
    /// <param name="again">Whether to do what may have been done before.</param>
    /// <param name="time">How long it may take; two minutes unless given.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<MessageClaim> ClaimMessageAsync(
        string message,
        string action,
        bool again,
        TimeSpan? time = null,
        CancellationToken ct = default
    ) =>
        (
            await RowsAsync(
                new(
                    "SELECT granted, action, state, node, name, at, overdue FROM gatehouse.claim_message($1, $2, $3, $4)",
                    message,
                    action,
                    (int)(time ?? ClaimTime).TotalSeconds,
                    again
                ),
                r => new MessageClaim(
                    r.GetBoolean(0),
                    message,
                    r.GetString(1),
                    r.GetString(2) == "done",
                    r.GetInt32(3),
                    r.GetString(4),
                    r.Time(5),
                    r.GetBoolean(6)
                ),
                ct
            )
        ).Single();

    /// <summary>Says how it ended.</summary>
    /// <param name="claim">What was granted.</param>
    /// <param name="done">Whether it was done; if not, everybody may try again.</param>
    /// <param name="detail">What exactly was done.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>False when another node has taken it over meanwhile.</returns>
    public Task<bool> SettleMessageAsync(MessageClaim claim, bool done, string detail, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.settle_message($1, $2, $3, $4)", claim.Message, claim.At, done, detail), ct);

    /// <summary>Tells what this node did with a message of its own while the registry was away.</summary>
    /// <returns>False when another node had done the same.</returns>
    public Task<bool> TellMessageAsync(string message, string action, DateTimeOffset at, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.tell_message($1, $2, $3)", message, action, at), ct);

    /// <summary>What was done with messages, or is being done.</summary>
    public Task<ImmutableArray<MessageClaim>> MessageClaimsAsync(CancellationToken ct = default) =>
        RowsAsync(
            new(
                "SELECT q.message, q.action, q.state, q.node, n.name, q.at, q.state = 'claimed' AND q.deadline < now() FROM "
                    + "gatehouse.quarantine_claims q JOIN gatehouse.nodes n ON n.number = q.node ORDER BY q.message"
            ),
            r => new MessageClaim(
                false,
                r.GetString(0),
                r.GetString(1),
                r.GetString(2) == "done",
                r.GetInt32(3),
                r.GetString(4),
                r.Time(5),
                r.GetBoolean(6)
            ),
            ct
        );

    /// <summary>Says where the others reach this node's synchronisation.</summary>
    /// <param name="address">The address of a firewall that forwards it here; null for the node's own.</param>
    /// <param name="port">The port there.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Whether that is news.</returns>
    /// <exception cref="RegistryException">Another node is reached there.</exception>
    public Task<bool> SetSyncPlaceAsync(IPAddress? address, int port, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.set_sync_place($1::text::inet, $2)", address?.ToString(), port), ct);

    /// <summary>Whether it is this node's turn to delete old messages of the shared quarantine; of all nodes that take mail, one is told so
    /// a night.</summary>
    public Task<bool> BeginRetentionAsync(CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.begin_retention()"), ct);

    /// <summary>Old messages are deleted.</summary>
    /// <param name="days">How many days messages are kept; 0 for ever. What was done with them is known for a week longer, and for two
    /// weeks at least.</param>
    /// <param name="ct">Gives up.</param>
    public Task EndRetentionAsync(int days, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.end_retention($1)", days), ct);
}

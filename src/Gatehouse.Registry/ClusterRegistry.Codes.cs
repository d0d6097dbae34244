using System.Collections.Immutable;

namespace Gatehouse.Registry;

/// <summary>A join code to be filed. Its secret is not here: only who was told it can prove it.</summary>
/// <param name="Id">30 random bits.</param>
/// <param name="NodeName">The name that the node gets, fully qualified, lower case.</param>
/// <param name="Profile">The profile that it gets.</param>
/// <param name="Verifier">What the secret is compared with; it carries its salt.</param>
/// <param name="Expires">Until when it is good.</param>
public sealed record NewCode(int Id, string NodeName, string Profile, ReadOnlyMemory<byte> Verifier, DateTimeOffset Expires);

/// <summary>A join code, as members may see it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="NodeName">The name that it is for.</param>
/// <param name="Profile">The profile that it is for.</param>
/// <param name="CreatedBy">The member that made it.</param>
/// <param name="Created">When.</param>
/// <param name="Expires">Until when it is good.</param>
/// <param name="Attempts">How many wrong secrets were tried; ten end it.</param>
/// <param name="Used">When it was used; null when it was not.</param>
/// <param name="UsedFrom">From where it was used.</param>
/// <param name="Ended">When it was withdrawn, replaced or tried too often; null otherwise.</param>
/// <param name="Why">Why it ended.</param>
public sealed record CodeRecord(
    int Id,
    string NodeName,
    string Profile,
    string CreatedBy,
    DateTimeOffset Created,
    DateTimeOffset Expires,
    int Attempts,
    DateTimeOffset? Used,
    string? UsedFrom,
    DateTimeOffset? Ended,
    string Why
)
{
    /// <summary>Whether it can be used at a time.</summary>
    public bool IsGood(DateTimeOffset now) => Used is null && Ended is null && now < Expires;
}

/// <summary>Invitations.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>Files a join code. By members that hold the registry.</summary>
    /// <param name="code">The code.</param>
    /// <param name="replace">Whether a good code for the same name is withdrawn; otherwise it is in the way.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="RegistryException">The name belongs to a node, there is a good code for it, or the id was used before (make another
    /// one).</exception>
    public Task InviteAsync(NewCode code, bool replace = false, CancellationToken ct = default) =>
        ScalarAsync<object>(
            new(
                "SELECT gatehouse.invite($1, $2, $3, $4, $5, $6)",
                code.Id,
                code.NodeName,
                code.Profile,
                code.Verifier,
                code.Expires,
                replace
            ),
            ct
        );

    /// <summary>All codes, newest first.</summary>
    public Task<ImmutableArray<CodeRecord>> CodesAsync(CancellationToken ct = default) =>
        RowsAsync(
            new(
                "SELECT id, node_name, profile, created_by, created, expires, attempts, used, used_from, ended, why FROM gatehouse.codes "
                    + "ORDER BY created DESC, id"
            ),
            r => new CodeRecord(
                r.GetInt32(0),
                r.GetString(1),
                r.GetString(2),
                r.GetString(3),
                r.Time(4),
                r.Time(5),
                r.GetInt32(6),
                r.TimeOrNull(7),
                r.TextOrNull(8),
                r.TimeOrNull(9),
                r.GetString(10)
            ),
            ct
        );

    /// <summary>Withdraws a code that was not used. By members that hold the registry.</summary>
    /// <returns>False when there was none to withdraw.</returns>
    public Task<bool> WithdrawCodeAsync(int id, string why, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.withdraw_code($1, $2)", id, why), ct);
}

using System.Collections.Immutable;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Settings versions; <see cref="Rollout"/> decides what becomes of them.</summary>
public sealed partial class ClusterRegistry
{
    private const string SettingsColumns = "number, base, answers, state, author, created, note, approval";

    /// <summary>One version; null when there is none of this number.</summary>
    public async Task<SettingsVersion?> SettingsAsync(long number, CancellationToken ct = default) =>
        (
            await RowsAsync(new($"SELECT {SettingsColumns} FROM gatehouse.settings WHERE number = $1", number), ReadSettings, ct)
        ).SingleOrDefault();

    /// <summary>The newest versions, newest first.</summary>
    public Task<ImmutableArray<SettingsVersion>> SettingsHistoryAsync(int limit = 20, CancellationToken ct = default) =>
        RowsAsync(new($"SELECT {SettingsColumns} FROM gatehouse.settings ORDER BY number DESC LIMIT $1", limit), ReadSettings, ct);

    /// <summary>Proposes the next version, to be tried on this node first. By any member.</summary>
    /// <param name="basis">The version that was read and edited.</param>
    /// <param name="answers">The cluster-wide answers.</param>
    /// <param name="approval">Which approval they ask for.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="RegistryException">The settings were changed since by whom and when the message says, or the last change is still
    /// on its way.</exception>
    public Task<long> ProposeSettingsAsync(
        long basis,
        string answers,
        ApprovalMode approval = ApprovalMode.None,
        CancellationToken ct = default
    ) => ScalarAsync<long>(new("SELECT gatehouse.propose_settings($1, $2, $3)", basis, answers, approval.ToWord()), ct);

    /// <summary>Which approval a version needs: the one that the good version before it asks for.</summary>
    public async Task<ApprovalMode> NeededApprovalAsync(long number, CancellationToken ct = default) =>
        Enum.Parse<ApprovalMode>((await ScalarAsync<string>(new("SELECT gatehouse.needed_approval($1)", number), ct))!, ignoreCase: true);

    /// <summary>Whether a version has the approval that it needs.</summary>
    public Task<bool> IsApprovedAsync(long number, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.is_approved($1)", number), ct);

    /// <summary>The approvals that were given to a version, oldest first.</summary>
    public Task<ImmutableArray<SettingsApproval>> ApprovalsAsync(long number, CancellationToken ct = default) =>
        RowsAsync(
            new("SELECT node, by, by_token, at FROM gatehouse.settings_approvals WHERE version = $1 ORDER BY at, node", number),
            r => new SettingsApproval(r.GetInt32(0), r.GetString(1), r.GetBoolean(2), r.Time(3)),
            ct
        );

    /// <summary>Approves a version that is being tried. By any active member but the one that proposed it.</summary>
    /// <exception cref="RegistryException">It needs none, or another approval, or is not being tried any more.</exception>
    public Task ApproveSettingsAsync(long number, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.approve_settings($1)", number), ct);

    /// <summary>Approves a version that is being tried with the master token. By any active member.</summary>
    /// <param name="number">The version.</param>
    /// <param name="proof">What the master token proves itself with.</param>
    /// <param name="ct">Gives up.</param>
    public Task ApproveSettingsAsync(long number, ReadOnlyMemory<byte> proof, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.approve_settings_by_token($1, $2)", number, proof), ct);

    /// <summary>Withdraws a version that is being tried. By any active member.</summary>
    public Task RejectSettingsAsync(long number, string reason, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.reject_settings($1, $2)", number, Kept(reason)), ct);

    /// <summary>Moves a version on from the state it was decided by. One that is tried: by its author or the issuer; one that is followed:
    /// by any member.</summary>
    /// <returns>False when it was moved on by somebody else meanwhile.</returns>
    public Task<bool> MarkSettingsAsync(
        long number,
        SettingsState from,
        SettingsState to,
        string note = "",
        CancellationToken ct = default
    ) => ScalarAsync<bool>(new("SELECT gatehouse.mark_settings($1, $2, $3, $4)", number, from.ToWord(), to.ToWord(), note), ct);

    /// <summary>Records how this node fared with a version; a later result replaces an earlier one.</summary>
    /// <param name="version">The version.</param>
    /// <param name="applied">Whether it is in force and verified here.</param>
    /// <param name="message">What failed; at most 65,536 characters are kept.</param>
    /// <param name="running">The version that is in force on this node now.</param>
    /// <param name="ct">Gives up.</param>
    public Task RecordSettingsResultAsync(long version, bool applied, string message, long running, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.record_settings_result($1, $2, $3, $4)", version, applied, Kept(message), running), ct);

    /// <summary>What nodes said of a version.</summary>
    public Task<ImmutableArray<SettingsResult>> SettingsResultsAsync(long version, CancellationToken ct = default) =>
        RowsAsync(
            new("SELECT node, version, applied, message, at FROM gatehouse.settings_results WHERE version = $1 ORDER BY node", version),
            r => new SettingsResult(r.GetInt32(0), r.GetInt64(1), r.GetBoolean(2), r.GetString(3), r.Time(4)),
            ct
        );

    private static SettingsVersion ReadSettings(NpgsqlDataReader r) =>
        new(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.Word<SettingsState>(3), r.GetInt32(4), r.Time(5), r.GetString(6))
        {
            Approval = r.Word<ApprovalMode>(7),
        };

    /// <summary>The end of a long output says why; PostgreSQL keeps no zero characters.</summary>
    private static string Kept(string output)
    {
        var text = output.Replace("\0", "", StringComparison.Ordinal);
        return text.Length <= 65536 ? text : text[^65536..];
    }
}

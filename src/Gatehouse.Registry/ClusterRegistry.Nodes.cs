namespace Gatehouse.Registry;

/// <summary>Members: what the issuer decides about them, and what they say of themselves.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>A joining node is set up and becomes a member, and its own answers are filed; both or neither. By the issuer.</summary>
    /// <returns>False when it was a member already; then nothing is changed.</returns>
    public Task<bool> ActivateAsync(long epoch, int node, string answers = "", CancellationToken ct = default) =>
        IssueAsync<bool>(new("SELECT gatehouse.ready_node($1, $2, $3)", epoch, node, answers), ct);

    /// <summary>Removes a node: its certificates are revoked, its login is dropped and its sessions end, its codes are withdrawn. By the
    /// issuer.</summary>
    /// <returns>False when it was removed before.</returns>
    /// <exception cref="RegistryException">There is no such node, or it is the issuer.</exception>
    public async Task<bool> RemoveNodeAsync(long epoch, int node, string why, CancellationToken ct = default)
    {
        var removed = await IssueAsync<bool>(new("SELECT gatehouse.remove_node($1, $2, $3)", epoch, node, why), ct);
        // The node may have connected while it was being removed. Also on a second call, when the first was cut off here.
        await ScalarAsync<int>(new("SELECT gatehouse.end_orphans()"), ct);
        return removed;
    }

    /// <summary>Changes where a node is. By the issuer.</summary>
    /// <exception cref="RegistryException">The address belongs to another node.</exception>
    public Task MoveNodeAsync(long epoch, int node, NodePlace place, CancellationToken ct = default) =>
        IssueAsync<object>(
            new("SELECT gatehouse.move_node($1, $2, $3::inet, $4, $5)", epoch, node, place.Address.ToString(), place.Port, place.Location),
            ct
        );

    /// <summary>Changes where this node is.</summary>
    /// <exception cref="RegistryException">The address belongs to another node.</exception>
    public Task MoveSelfAsync(NodePlace place, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.move_self($1::inet, $2, $3)", place.Address.ToString(), place.Port, place.Location), ct);

    /// <summary>Says whether this node has a vote about which copy of the registry takes writes.</summary>
    /// <returns>Whether that is news.</returns>
    public Task<bool> SetVoteAsync(bool votes, CancellationToken ct = default) =>
        ScalarAsync<bool>(new("SELECT gatehouse.set_vote($1)", votes), ct);

    /// <summary>This node is on its way out; the issuer removes it next.</summary>
    /// <exception cref="RegistryException">It is the issuer.</exception>
    public Task LeaveAsync(CancellationToken ct = default) => ScalarAsync<object>(new("SELECT gatehouse.leave_self()"), ct);

    /// <summary>A node's own answers; empty when it has given none. Null when there is no such node.</summary>
    public Task<string?> NodeAnswersAsync(int node, CancellationToken ct = default) =>
        ScalarAsync<string?>(new("SELECT answers FROM gatehouse.nodes WHERE number = $1", node), ct);

    /// <summary>Files this node's own answers.</summary>
    public Task PutNodeAnswersAsync(string answers, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.answer_self($1)", answers), ct);
}

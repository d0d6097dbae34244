using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>
/// For a member that does not find the registry any more, because it was away while that moved: another member is asked where
/// it is now. Of its answer only the place of the databases is taken; everything else is read from the registry itself.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class NewMaster(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ClusterFiles files = new(machine);

    /// <summary>Asks a member, and follows the registry that it knows of.</summary>
    /// <param name="me">This node.</param>
    /// <param name="member">The member.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">What the member says is of another cluster, or older than what this node has seen.</exception>
    public async Task<Followed> FollowAsync(LocalNode me, HostPort member, CancellationToken ct)
    {
        log.Note($"Asking {member} where the registry is");
        var view = await AskAsync(member, ct);
        if (FollowRules.Refusal(me, view, member.ToString()) is { } refusal)
            throw new SequenceException(ExitCodes.Refused, refusal);
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        var before = files.Node ?? me;
        var there = LocalRecord.Of(view, view.Node(me.Number)!, before.SettingsVersion, before.Followed, before.Units);
        log.Note(
            $"  on {string.Join(", ", view.Databases.Select(d => $"{d.Name} ({d.Address})"))}; the issuer is "
                + $"{view.Node(view.Cluster.Issuer)?.Name}, epoch {view.Cluster.Epoch}"
        );
        await files.WriteNodeAsync(before with { Databases = there.Databases, DatabaseNames = there.DatabaseNames }, ct);
        var isFollowed = false;
        try
        {
            var followed = await new FollowSequence(machine, clock, log).RunAloneAsync(force: true, ct);
            isFollowed = true;
            await files.WriteSeenAsync(followed.View, ct);
            return followed;
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.Unreachable)
        {
            throw new SequenceException(
                ExitCodes.Failed,
                $"{member} answered, and the registry that it knows of does not: {e.Message}\nThis node continues as it was.",
                e
            );
        }
        finally
        {
            // Nothing was taken over: the places that were known before may be right again tomorrow.
            if (!isFollowed && files.Node?.Followed == before.Followed)
                await files.WriteNodeAsync(before, CancellationToken.None);
        }
    }

    private async Task<ClusterView> AskAsync(HostPort member, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        using var client = AgentClient.Member(own, member.Host, member.Port, clock);
        try
        {
            return await client.ViewAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SequenceException(
                ExitCodes.Failed,
                $"{member} does not answer in {Patience.TotalSeconds:0} s. Nothing was changed; try another member."
            );
        }
    }
}

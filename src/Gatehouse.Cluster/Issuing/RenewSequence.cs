using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Machines;

namespace Gatehouse.Cluster.Issuing;

/// <summary>Renews certificates before it is time.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class RenewSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromHours(1);

    /// <summary>Renews this node's certificate and puts it in force.</summary>
    /// <exception cref="SequenceException">It could not be renewed, or not be put in force.</exception>
    public async Task OwnAsync(LocalNode me, CancellationToken ct)
    {
        using var alone = await ClusterLock.TakeAsync(machine, ct);
        await using (var registry = RegistryAccess.Open(me))
        {
            var view = await registry.ViewAsync(ct);
            if (!await new NodeCertificate(machine, clock, log).RenewAsync(me, registry, view, force: true, ct))
                throw new SequenceException(ExitCodes.Failed, "the certificate was not renewed; the one there is stays in use.");
        }

        var followed = await new FollowSequence(machine, clock, log).RunAloneAsync(force: true, ct);
        if (followed.Problem.Length > 0)
            throw new SequenceException(ExitCodes.Failed, $"the certificate is renewed, and could not be put in force: {followed.Problem}");
    }

    /// <summary>Orders every member to do so, and waits a minute for them.</summary>
    /// <returns>What each has answered; null where there is no answer yet.</returns>
    public async Task<ImmutableArray<(ClusterNode Node, Registry.CommandResult? Result)>> AllAsync(LocalNode me, CancellationToken ct)
    {
        await using var registry = RegistryAccess.Open(me);
        var view = await registry.ViewAsync(ct);
        var number = await registry.IssueCommandAsync(NodeCertificate.Order, "{}", [], clock.GetUtcNow() + Deadline, ct);
        using (var own = Credentials.Read(machine.Real(Credentials.Directory)))
            await Nudges.SendAsync(view.Members, own, clock, ct);
        log.Note("Waiting for the members");
        ImmutableArray<Registry.CommandResult> results = [];
        await Poll.UntilAsync(
            async () => (results = await registry.CommandResultsAsync(number, ct)).Length >= view.Members.Count(),
            Timeouts.Follow,
            clock,
            ct
        );
        return [.. view.Members.Select(n => (n, results.FirstOrDefault(r => r.Node == n.Number)))];
    }
}

using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Quorum;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Machines;
using Gatehouse.Registry;
using SealedSecret = Gatehouse.Registry.SealedSecret;

namespace Gatehouse.Cluster.Founding;

/// <summary>What the first node of a cluster begins with.</summary>
/// <param name="View">The cluster as it will be when the registry is there.</param>
/// <param name="Number">The node's number.</param>
/// <param name="Shared">The cluster's answers, with sealed secrets by name.</param>
/// <param name="Own">The node's own answers.</param>
/// <param name="Secrets">The cluster's secrets.</param>
internal sealed record FirstNode(ClusterView View, int Number, Answers Shared, Answers Own, ImmutableArray<SealedSecret> Secrets);

/// <summary>
/// Sets up the node that a cluster begins with, when its trust is in place: configuration first, for the registry needs its database,
/// then the registry. What is there already, from a run that was cut off, stays.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class FirstNodeSequence(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private readonly ClusterFiles files = new(machine);
    private readonly MemberApply apply = new(machine, clock, log);

    /// <summary>Runs it.</summary>
    /// <param name="first">What it begins with.</param>
    /// <param name="key">The encryption key.</param>
    /// <param name="reason">Why the host is changed, for its history.</param>
    /// <param name="begin">Begins the cluster in a registry that holds none.</param>
    /// <param name="ct">Ends it between two phases.</param>
    /// <returns>The cluster as the registry has it.</returns>
    public async Task<ClusterView> RunAsync(
        FirstNode first,
        EncryptionKey key,
        string reason,
        Func<ClusterRegistry, Task> begin,
        CancellationToken ct
    )
    {
        first = first with
        {
            Secrets = first.Secrets.AddRange(
                SharedSecrets.Missing(
                    first.Secrets.Select(s => s.Name),
                    key,
                    Core.Screens.Profile.Find(first.View.Node(first.Number)!.Profile)!
                )
            ),
        };
        foreach (var secret in first.Secrets)
            await files.WriteSecretAsync(SealedName.FileOf(secret.Name), SecretSealer.Open(secret.Name, secret.Sealed, key), ct);

        log.Note("Setting up this node");
        var composed = EffectiveAnswers.Compose(first.Shared, first.Own, first.View, first.Number);
        // The agent starts with the rest and looks for this first.
        await files.WriteNodeAsync(Record(first.View, first.Number, "", []), ct);
        var me = first.View.Node(first.Number)!;
        var profile = Core.Screens.Profile.Find(me.Profile)!;
        await new QuorumSequence(machine, clock, log).FoundAsync(me.Name, profile, ct);
        var node = await ApplyAsync(composed, reason, ct);

        log.Note("Making the registry");
        await RegistryAsync(first.View.Cluster, begin, ct);
        await using var registry = RegistryAccess.Open(files.Node!);
        foreach (var secret in first.Secrets)
            await registry.PutSecretAsync(secret, ct);
        if (profile.Has("database"))
            await registry.SetVoteAsync(true, ct);
        var now = await registry.ViewAsync(ct);
        await files.WriteNodeAsync(Record(now, first.Number, now.Fingerprint(), MemberApply.Running(node)), ct);
        return now;
    }

    private async Task<RenderedNode> ApplyAsync(Answers composed, string reason, CancellationToken ct)
    {
        var isThere = false;
        try
        {
            var (line, settings, node) = await apply.RenderAsync(composed, ct);
            if (SessionGuard.Judge(settings, line.Facts.Session) is { } cutOff)
                throw new SequenceException(ExitCodes.Refused, cutOff);
            var result = await apply.ApplyAsync(line, node, reason, ct);
            isThere = result.Outcome is Outcome.Applied or Outcome.Nothing;
            MemberApply.Expect(result);
            return node;
        }
        finally
        {
            if (!isThere)
                await files.RemoveAsync(LocalNode.Path, CancellationToken.None);
        }
    }

    private static async Task RegistryAsync(Core.Clusters.Cluster cluster, Func<ClusterRegistry, Task> begin, CancellationToken ct)
    {
        await ClusterRegistry.CreateDatabaseAsync(ct: ct);
        await using var registry = ClusterRegistry.OpenLocal();
        await registry.MigrateAsync(ct);
        try
        {
            var there = (await registry.ViewAsync(ct)).Cluster;
            if (there.Id != cluster.Id || there.Epoch != cluster.Epoch)
                throw new SequenceException(
                    ExitCodes.Refused,
                    $"the database on this host holds the cluster {there.Name} ({there.Id}, epoch {there.Epoch}) already. Join that one, "
                        + $"or remove the database first."
                );
        }
        catch (RegistryException e) when (e.Failure == RegistryFailure.NoCluster)
        {
            await begin(registry);
        }
    }

    private static LocalNode Record(ClusterView view, int number, string followed, ImmutableArray<string> units) =>
        LocalRecord.Of(view, view.Node(number)!, followed.Length > 0 ? view.WantedSettings : 0, followed, units);
}

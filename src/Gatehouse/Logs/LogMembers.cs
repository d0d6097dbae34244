using System.Collections.Immutable;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Status;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Reports;
using Gatehouse.Registry;

namespace Gatehouse.Logs;

/// <summary>Whose logs are read.</summary>
internal static class LogMembers
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    /// <summary>The members, as this node's agent saw them last, or else as the registry has them.</summary>
    /// <exception cref="SequenceException">Neither knows them.</exception>
    public static async Task<ImmutableArray<ClusterNode>> ReadAsync(LocalNode me, CancellationToken ct)
    {
        if (Known() is { } known)
            return known;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Deadline);
        try
        {
            await using var registry = RegistryAccess.Open(me);
            return Sorted(await registry.ViewAsync(limit.Token));
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            throw new SequenceException(ExitCodes.Failed, StatusReader.NotSeen(me, Deadline, e));
        }
    }

    /// <summary>The members as this node's agent saw them last; null when it never did.</summary>
    public static ImmutableArray<ClusterNode>? Known() => ViewCache.Read() is { } view ? Sorted(view) : null;

    /// <summary>Those of a name, in full or without its domain; all when there is none.</summary>
    /// <exception cref="SequenceException">Nobody has it.</exception>
    public static ImmutableArray<ClusterNode> Chosen(ImmutableArray<ClusterNode> members, string? name)
    {
        if (name is null)
            return members;
        var found = members.Where(m => m.Name == name || m.Name.Split('.')[0] == name).ToImmutableArray();
        if (!found.IsEmpty)
            return found;
        throw new SequenceException(
            ExitCodes.BadInput,
            $"no member is called '{Core.Quarantine.StrangerText.Of(name, 80)}'.{Nearest.Hint(name, members.Select(m => m.Name))} "
                + $"'gatehouse node list' shows them."
        );
    }

    private static ImmutableArray<ClusterNode> Sorted(ClusterView view) => [.. view.Members.OrderBy(n => n.Number)];
}

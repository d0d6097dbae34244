using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Core.Clusters;

/// <summary>The names of members in the hosts file: no DNS server need know them, so each member keeps those of all.</summary>
public static class HostNames
{
    /// <summary>The hosts file.</summary>
    public const string Path = "/etc/hosts";

    /// <summary>The members that the hosts file does not name at their address, by number; this node is one of them.</summary>
    /// <param name="hosts">The hosts file; null when there is none.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="own">This node's number.</param>
    public static ImmutableArray<string> Missing(string? hosts, ClusterView view, int own)
    {
        // Before this node is a member, and after it was one, the file is none of the cluster's business.
        if (view.Node(own) is not { State: NodeState.Active or NodeState.Leaving })
            return [];
        var named = Read(hosts ?? "");
        return
        [
            .. view.Members.OrderBy(n => n.Number).Where(n => !named.Contains((n.Address, n.Name.ToLowerInvariant()))).Select(n => n.Name),
        ];
    }

    private static ImmutableHashSet<(IPAddress Address, string Name)> Read(string hosts)
    {
        var named = ImmutableHashSet.CreateBuilder<(IPAddress, string)>();
        foreach (var line in hosts.Split('\n'))
        {
            var words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !IPAddress.TryParse(words[0], out var address))
                continue;
            foreach (var name in words[1..])
                named.Add((address, name.ToLowerInvariant()));
        }

        return named.ToImmutable();
    }
}

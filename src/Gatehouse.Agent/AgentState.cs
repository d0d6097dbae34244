using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>What the agent works with. Files that changed are read anew; what was read before stays good for who still uses it.</summary>
internal sealed class AgentState
{
    private static readonly string[] Files = ["node.crt", "node.key", "cluster-ca.pem", "cluster.crl"];
    private readonly Lock gate = new();
    private DateTime read;
    private volatile Credentials credentials;
    private volatile LocalNode node;
    private volatile ClusterRegistry registry;

    public AgentState()
    {
        read = Newest();
        credentials = Credentials.Read();
        node = ReadNode();
        registry = RegistryAccess.Open(node);
    }

    /// <summary>What it shows and whom it trusts.</summary>
    public Credentials Credentials => credentials;

    /// <summary>Who it is.</summary>
    public LocalNode Node => node;

    /// <summary>The registry, by this node's certificate.</summary>
    public ClusterRegistry Registry => registry;

    /// <summary>The last view of the cluster; null before the first.</summary>
    public ClusterView? View { get; set; } = ViewCache.Read();

    /// <summary>Whether the registry answered last time.</summary>
    public bool ReachesRegistry { get; set; }

    /// <summary>Reads what has changed. Whatever cannot be read, half-written or mismatched, is tried again at the next look.</summary>
    public void Refresh()
    {
        lock (gate)
        {
            node = ReadNode();
            var now = Newest();
            if (now == read) return;
            var (fresh, connection) = (Credentials.Read(), RegistryAccess.Open(node));
            // The old ones are left to the collector: requests may be using them.
            credentials = fresh;
            registry = connection;
            read = now;
        }
    }

    private static LocalNode ReadNode() => LocalNodeFile.Read() ?? throw new TrustException($"this host is no member of a cluster: there is no {LocalNode.Path}. 'gatehouse bootstrap' starts a cluster, 'gatehouse join' joins one.");

    private static DateTime Newest() => Files.Select(f => File.GetLastWriteTimeUtc(Path.Combine(Credentials.Directory, f))).Append(File.GetLastWriteTimeUtc(LocalNode.Path)).Max();
}

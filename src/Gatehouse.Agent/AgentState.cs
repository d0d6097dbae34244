using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>What the agent works with. Files that changed are read anew; what was read before stays good for who still uses it.</summary>
internal sealed class AgentState
{
    private static readonly string[] Files = ["node.crt", "node.key", "cluster-ca.pem", "cluster.crl"];
    private readonly Lock gate = new();
    private string read;
    private volatile Credentials credentials;
    private volatile LocalNode node;
    private volatile ClusterRegistry registry;

    public AgentState()
    {
        read = Stamp();
        credentials = Credentials.Read();
        node = ReadNode();
        registry = RegistryAccess.Open(node);
    }

    /// <summary>What it shows and whom it trusts, as the files say now: who was removed is let in from no list that was read before.</summary>
    public Credentials Credentials
    {
        get
        {
            try
            {
                Refresh();
            }
            catch (Exception e) when (e is TrustException or RegistryException or IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // They are just being replaced; what was read before is good until the next look.
            }

            return credentials;
        }
    }

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
            var now = Stamp();
            if (now == read) return;
            var self = ReadNode();
            var (fresh, connection) = (Credentials.Read(), RegistryAccess.Open(self));
            // The old ones are left to the collector: requests may be using them.
            node = self;
            credentials = fresh;
            registry = connection;
            read = now;
        }
    }

    private static LocalNode ReadNode() => LocalNodeFile.Read() ?? throw new TrustException($"this host is no member of a cluster: there is no {LocalNode.Path}. 'gatehouse bootstrap' starts a cluster, 'gatehouse join' joins one.");

    // All of them: a file that is put in place later may have been written earlier than the one before.
    private static string Stamp() => Stamp(Files.Select(f => Path.Combine(Credentials.Directory, f)).Append(LocalNode.Path));

    /// <summary>What tells that files were replaced.</summary>
    internal static string Stamp(IEnumerable<string> files) => string.Join(' ', files.Select(f => File.GetLastWriteTimeUtc(f).Ticks));
}

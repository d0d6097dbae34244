using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>What the agent works with. Files that changed are read anew; what was read before stays good for who still uses it.</summary>
internal sealed class AgentState : IAsyncDisposable
{
    private static readonly string[] Files = ["node.crt", "node.key", "cluster-ca.pem", "cluster.crl"];
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private readonly Lock gate = new();
    private readonly AgentPlaces places;
    private string read;
    private string login;
    private volatile Credentials credentials;
    private volatile LocalNode node;
    private volatile ClusterRegistry registry;

    public AgentState(AgentPlaces places)
    {
        this.places = places;
        read = Stamp();
        credentials = Credentials.Read(places.Pki);
        node = ReadNode();
        login = Login(node);
        registry = RegistryAccess.Open(node, places.Pki);
        View = ViewCache.Read(places.View);
    }

    /// <summary>Where its files are.</summary>
    public AgentPlaces Places => places;

    /// <summary>What it shows and whom it trusts, as the files say now: who was removed is let in from no list that was read
    /// before.</summary>
    public Credentials Credentials
    {
        get
        {
            try
            {
                Refresh();
            }
            catch (Exception e)
                when (e is TrustException or RegistryException or IOException or UnauthorizedAccessException or InvalidDataException)
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
    public ClusterView? View { get; set; }

    /// <summary>Whether the registry answered last time.</summary>
    public bool ReachesRegistry { get; set; }

    /// <summary>The cluster as the registry has it now.</summary>
    /// <exception cref="RegistryException">It cannot be read, or it is not one to act by: another cluster's, or from a time that this node
    /// has left behind.</exception>
    public async Task<ClusterView> LookAsync(CancellationToken ct)
    {
        var view = await registry.ViewAsync(ct);
        if (view.Cluster.Id != node.Cluster)
            throw new RegistryException(
                RegistryFailure.WrongCluster,
                $"the database holds cluster {view.Cluster.Id}, and this node is of {node.Cluster}; it stays as it is"
            );
        if (view.Cluster.Epoch < node.Epoch)
            throw new RegistryException(
                RegistryFailure.StaleEpoch,
                $"the database is at epoch {view.Cluster.Epoch}, and this node has seen {node.Epoch}; it stays as it is until the newer "
                    + $"one is back"
            );
        return view;
    }

    /// <summary>Reads what has changed. Whatever cannot be read, half-written or mismatched, is tried again at the next look.</summary>
    public void Refresh()
    {
        lock (gate)
        {
            var now = Stamp();
            if (now == read)
                return;
            var self = ReadNode();
            if (Login(self) is var needed && needed != login)
            {
                var (fresh, connection) = (Credentials.Read(places.Pki), RegistryAccess.Open(self, places.Pki));
                _ = CloseLaterAsync(registry);
                (credentials, registry, login) = (fresh, connection, needed);
            }

            node = self;
            read = now;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => registry.DisposeAsync();

    // Requests may be using it; but it does not keep its connections for ever, for a role may have only some.
    private static async Task CloseLaterAsync(ClusterRegistry old)
    {
        await Task.Delay(Grace);
        await old.DisposeAsync();
    }

    private LocalNode ReadNode() =>
        LocalNodeFile.Read(places.Node)
        ?? throw new TrustException(
            $"this host is no member of a cluster: there is no {LocalNode.Path}. 'gatehouse bootstrap' starts a cluster, 'gatehouse join' "
                + $"joins one."
        );

    // All of them: a file that is put in place later may have been written earlier than the one before.
    private string Stamp() => $"{Stamp(Certificates)} {Stamp([places.Node])}";

    // What the login to the registry is made of. The rest of what a node knows of itself changes with every settings version.
    private string Login(LocalNode self) =>
        string.Join(' ', [Stamp(Certificates), self.Name, .. self.Databases, "|", .. self.DatabaseNames ?? []]);

    private IEnumerable<string> Certificates => Files.Select(f => Path.Combine(places.Pki, f));

    /// <summary>What tells that files were replaced.</summary>
    internal static string Stamp(IEnumerable<string> files) => string.Join(' ', files.Select(f => File.GetLastWriteTimeUtc(f).Ticks));
}

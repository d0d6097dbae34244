using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Agent;

/// <summary>Opens the registry as this node.</summary>
public static class RegistryAccess
{
    /// <summary>The registry, by the node's own certificate. Nothing is connected yet.</summary>
    /// <param name="node">Who this is, and where the databases are.</param>
    /// <param name="directory">Where the certificates are.</param>
    /// <exception cref="RegistryException">The certificates cannot be used.</exception>
    public static ClusterRegistry Open(LocalNode node, string directory = Credentials.Directory)
    {
        var trust = TrustStore.Read(Text("cluster-ca.pem"), Text("cluster.crl"));
        return ClusterRegistry.Open(new DatabaseLogin
        {
            Hosts = [.. node.Databases.Select(h => new DatabaseHost(h))],
            Node = node.Name,
            Roots = [.. trust.Roots.Select(r => r.ExportCertificatePem())],
            Certificate = Text("node.crt"),
            Key = new Secret(Text("node.key")),
            Revoked = [.. trust.RevocationLists.SelectMany(l => l.Revoked).Select(r => r.Serial.Hex.ToLowerInvariant())],
        });

        string Text(string name) => File.ReadAllText(Path.Combine(directory, name));
    }
}

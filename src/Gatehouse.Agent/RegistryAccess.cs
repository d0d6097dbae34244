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
    /// <exception cref="TrustException">They cannot be read.</exception>
    public static ClusterRegistry Open(LocalNode node, string directory = Credentials.Directory)
    {
        try
        {
            return Open(node, Text("node.crt"), new Secret(Text("node.key")), directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrustException(
                $"the certificates of {node.Name} in {directory} cannot be read: {e.Message} If a bootstrap or a join was cut off here, "
                    + $"run it again; it goes on.",
                e
            );
        }

        string Text(string name) => File.ReadAllText(Path.Combine(directory, name));
    }

    /// <summary>The registry by another certificate of the node, which is not in force yet.</summary>
    /// <param name="node">Who this is, and where the databases are.</param>
    /// <param name="certificate">The certificate and the issuing CA's, PEM.</param>
    /// <param name="key">Its key, PEM.</param>
    /// <param name="directory">Where the roots and the revocation lists are.</param>
    /// <exception cref="RegistryException">The certificates cannot be used.</exception>
    public static ClusterRegistry Open(LocalNode node, string certificate, Secret key, string directory = Credentials.Directory)
    {
        var trust = TrustStore.Read(
            File.ReadAllText(Path.Combine(directory, "cluster-ca.pem")),
            File.ReadAllText(Path.Combine(directory, "cluster.crl"))
        );
        return ClusterRegistry.Open(
            new DatabaseLogin
            {
                Hosts = [.. node.Databases.Select(Host)],
                HostNames = [.. node.DatabaseNames ?? []],
                Node = node.Name,
                Administrator = Machines.Administrator.Name,
                Roots = [.. trust.Roots.Select(r => r.ExportCertificatePem())],
                Certificate = certificate,
                Key = key,
                Revoked = [.. trust.RevocationLists.SelectMany(l => l.Revoked).Select(r => r.Serial.Hex.ToLowerInvariant())],
            }
        );
    }

    private static DatabaseHost Host(string text) =>
        HostPort.TryParse(text, DatabaseHost.UsualPort, out var host) ? new DatabaseHost(host.Host, host.Port) : new DatabaseHost(text);
}

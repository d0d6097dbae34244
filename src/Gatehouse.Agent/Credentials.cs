using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Trust;

namespace Gatehouse.Agent;

/// <summary>What a member shows to others, and whom it trusts: read together, so that they fit each other.</summary>
public sealed class Credentials : IDisposable
{
    /// <summary>Where a member's certificates lie.</summary>
    public const string Directory = "/etc/gatehouse/pki";

    private readonly X509Certificate2 leaf;
    private readonly X509Certificate2Collection chain;

    private Credentials(X509Certificate2 leaf, X509Certificate2Collection chain, TrustStore trust)
    {
        this.leaf = leaf;
        this.chain = chain;
        Trust = trust;
        Context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        Identity = NodeIdentity.TryRead(leaf, out var identity, out var problem)
            ? identity
            : throw new TrustException($"the node's own certificate will not do: {problem}.");
    }

    /// <summary>Whom it trusts.</summary>
    public TrustStore Trust { get; }

    /// <summary>Who it is.</summary>
    public NodeIdentity Identity { get; }

    /// <summary>The certificate with its key and the CA above it, for TLS.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>The certificate itself.</summary>
    public X509Certificate2 Certificate => leaf;

    /// <summary>Reads <c>node.crt</c>, <c>node.key</c>, <c>cluster-ca.pem</c> and <c>cluster.crl</c>.</summary>
    /// <param name="directory">Where they are.</param>
    /// <param name="roots">Whom to trust instead, root certificates in PEM; null for those of the file.</param>
    /// <exception cref="TrustException">They cannot be read or do not fit each other.</exception>
    public static Credentials Read(string directory = Directory, string? roots = null)
    {
        try
        {
            var certificate = File.ReadAllText(Path.Combine(directory, "node.crt"));
            var own = X509Certificate2.CreateFromPem(certificate, File.ReadAllText(Path.Combine(directory, "node.key")));
            var all = new X509Certificate2Collection();
            all.ImportFromPem(certificate);
            all.RemoveAt(0);
            return new Credentials(
                own,
                all,
                TrustStore.Read(
                    roots ?? File.ReadAllText(Path.Combine(directory, "cluster-ca.pem")),
                    File.ReadAllText(Path.Combine(directory, "cluster.crl"))
                )
            );
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or System.Security.Cryptography.CryptographicException
                        or ArgumentException
            )
        {
            throw new TrustException($"the node's certificates in {directory} cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        leaf.Dispose();
        foreach (var certificate in chain)
            certificate.Dispose();
    }
}

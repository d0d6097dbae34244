using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>Who a node is, as its certificate says. Believe it only of a certificate that <see cref="TrustStore"/> has judged.</summary>
/// <param name="ClusterId">The cluster, 32 hexadecimal digits.</param>
/// <param name="ClusterName">What its administrators call it.</param>
/// <param name="Number">The node's number, from 1.</param>
/// <param name="Name">Fully qualified host name; also the name of its database role.</param>
/// <param name="Address">Where the others reach it.</param>
/// <param name="IssuerEpoch">The epoch in which it signs certificates; null when it does not.</param>
public sealed record NodeIdentity(string ClusterId, string ClusterName, int Number, string Name, IPAddress Address, long? IssuerEpoch)
{
    /// <summary>The name is a PostgreSQL role's too, and those end at 63 bytes; a common name would end at 64.</summary>
    public const int LongestName = 63;

    /// <summary>Reads the identity of a node certificate, whoever signed it.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="identity">Who it is; null when there is a problem.</param>
    /// <param name="problem">Why it is no node certificate.</param>
    public static bool TryRead(X509Certificate2 certificate, [NotNullWhen(true)] out NodeIdentity? identity, out string problem)
    {
        try
        {
            return Read(certificate, out identity, out problem);
        }
        catch (CryptographicException)
        {
            identity = null;
            problem = "it is damaged";
            return false;
        }
    }

    private static bool Read(X509Certificate2 certificate, [NotNullWhen(true)] out NodeIdentity? identity, out string problem)
    {
        identity = null;
        problem = "";
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority))
        {
            problem = "it is the certificate of a CA, not of a node";
            return false;
        }

        var names = AlternativeNames.Of(certificate);
        var nodes = names.Urns.Where(u => u.Duty == ClusterUrn.Node).ToArray();
        var issuers = names.Urns.Where(u => u.Duty == ClusterUrn.Issuer).ToArray();
        var (common, organisation) = SubjectName.Of(certificate.SubjectName);
        var ours =
            nodes.Length == 1
            && nodes[0].Number is > 0 and <= int.MaxValue
            && issuers.Length <= 1
            && Array.TrueForAll(issuers, i => i.ClusterId == nodes[0].ClusterId);
        if (
            !ours
            || names.Addresses.Count == 0
            || names.Dns.Count == 0
            || names.Dns[0] != common
            || !Names.TryParse(common, 2, out var name)
            || name != common
        )
        {
            problem = "it does not say which node of which cluster it is of";
            return false;
        }

        identity = new(nodes[0].ClusterId, organisation, (int)nodes[0].Number, name, names.Addresses[0], issuers.FirstOrDefault()?.Number);
        return true;
    }
}

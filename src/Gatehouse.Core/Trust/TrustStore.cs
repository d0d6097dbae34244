using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Trust;

/// <summary>
/// Whom a member trusts: the root CAs of its cluster and their revocation lists, nothing else. The system's store is not
/// asked and nothing is fetched. Immutable; a change of roots or lists makes a new one.
/// </summary>
public sealed class TrustStore
{
    private TrustStore(string clusterId, ImmutableArray<X509Certificate2> roots, ImmutableArray<RevocationList> lists) =>
        (ClusterId, Roots, RevocationLists) = (clusterId, roots, lists);

    /// <summary>The cluster.</summary>
    public string ClusterId { get; }

    /// <summary>The root CAs: one, two while they are rotated.</summary>
    public ImmutableArray<X509Certificate2> Roots { get; }

    /// <summary>The revocation lists.</summary>
    public ImmutableArray<RevocationList> RevocationLists { get; }

    /// <summary>Reads a store.</summary>
    /// <param name="roots">The root CAs of one cluster, PEM; which cluster is read from them.</param>
    /// <param name="lists">Revocation lists, PEM; may be empty, as before the first contact.</param>
    /// <exception cref="TrustException">There is no root, or one that is no root, or roots of two clusters, or a list that cannot be
    /// read.</exception>
    public static TrustStore Read(string roots, string lists)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(roots);
        }
        catch (CryptographicException e)
        {
            throw new TrustException("the CA file cannot be read as certificates in PEM form; fetch it again from the cluster.", e);
        }

        if (certificates.Count == 0)
            throw new TrustException(
                "the CA file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); fetch it from the cluster."
            );
        var clusters = certificates.Select(ClusterOf).Distinct().ToArray();
        if (clusters.Length > 1)
            throw new TrustException(
                $"the CA file holds CAs of the clusters {string.Join(" and ", clusters)}; a member trusts one cluster."
            );
        if (!RevocationList.TryReadAll(lists, out var read, out var problem))
            throw new TrustException($"the file of revocation lists {problem}");
        return new(clusters[0], [.. certificates], read);
    }

    /// <summary>Judges the certificate that the other end of a connection shows.</summary>
    /// <param name="leaf">The certificate.</param>
    /// <param name="extra">What came with it: the issuing CA. Trusted only as far as a root vouches for it.</param>
    /// <param name="now">The time.</param>
    /// <param name="purpose">What it is used for.</param>
    /// <param name="host">The name or address that was asked for; null when it does not matter.</param>
    public Judgement Judge(
        X509Certificate2 leaf,
        IEnumerable<X509Certificate2> extra,
        DateTimeOffset now,
        Purpose purpose,
        string? host = null
    )
    {
        try
        {
            return Verify(leaf, extra, now, purpose, host);
        }
        catch (CryptographicException)
        {
            // Extensions are read only when they are looked at, so a certificate that was loaded can still turn out broken.
            return Refuse(
                Distrust.Unreadable,
                $"certificate {leaf.SerialNumber}",
                "it, or a certificate that came with it, cannot be read. Let the other side renew its certificate."
            );
        }
    }

    /// <summary>Judges the certificate of a member that asks for its next one. Where it ended while the member was away, it is judged by
    /// the last moment that it was good.</summary>
    /// <param name="leaf">The certificate.</param>
    /// <param name="extra">What came with it.</param>
    /// <param name="now">The time.</param>
    public Judgement JudgeForRenewal(X509Certificate2 leaf, IEnumerable<X509Certificate2> extra, DateTimeOffset now) =>
        Judge(leaf, extra, Renewal.IsLapsed(leaf, now) ? new DateTimeOffset(leaf.NotAfter).AddSeconds(-1) : now, Purpose.Client);

    private Judgement Verify(X509Certificate2 leaf, IEnumerable<X509Certificate2> extra, DateTimeOffset now, Purpose purpose, string? host)
    {
        var isNode = NodeIdentity.TryRead(leaf, out var identity, out var noNode);
        // Text out of a certificate is shown only when it is a host name; anything could be in it.
        var about = identity?.Name ?? $"certificate {leaf.SerialNumber}";

        using var chain = Chain(extra, now, purpose);
        var trusted = chain.Build(leaf);
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        var judged = chain.ChainElements.Select(e => e.Certificate).ToArray();

        if (isNode && identity!.ClusterId != ClusterId)
            return Refuse(
                Distrust.OtherCluster,
                about,
                $"its certificate is of cluster {identity.ClusterId}, and this is cluster {ClusterId}. Use an address or a code of this "
                    + $"cluster."
            );
        if ((status & ~(X509ChainStatusFlags.NotTimeValid | X509ChainStatusFlags.NotValidForUsage)) != 0 || judged.Length < 2)
            return Refuse(
                Distrust.UnknownAuthority,
                about,
                $"no CA of cluster {ClusterId} has signed its certificate ({Words(status)}). If it is a member, let it renew its "
                    + $"certificate; if not, somebody stands in its place."
            );
        if (Revocation(judged, about) is { } revoked)
            return revoked;
        if (Time(judged, now, about) is { } time)
            return time;
        if (!isNode)
            return Refuse(Distrust.NoNode, about, $"{noNode}. Take the certificate that was made for the node.");
        if ((status & X509ChainStatusFlags.NotValidForUsage) != 0)
            return Refuse(
                Distrust.WrongUse,
                about,
                $"its certificate is not for use as a {(purpose == Purpose.Client ? "client" : "server")}. Take the certificate that was "
                    + $"made for the node."
            );
        if (host is not null && !IsFor(leaf, host))
            return Refuse(
                Distrust.WrongName,
                about,
                $"its certificate is not for {host}. Use the node's own name or address, or let it renew its certificate after a change "
                    + $"of either."
            );
        // Whatever else may be wrong: without a chain that stands there is no trust.
        return trusted
            ? new(identity, null)
            : Refuse(Distrust.UnknownAuthority, about, $"its certificate cannot be verified ({Words(status)}).");
    }

    // The lists do not come into the chain by themselves: .NET would fetch them, which is never done here.
    private Judgement? Revocation(X509Certificate2[] chain, string about)
    {
        for (var i = 0; i + 1 < chain.Length; i++)
        {
            foreach (var list in RevocationLists.Where(l => l.IsOf(chain[i + 1])))
            {
                if (!list.IsSignedBy(chain[i + 1]))
                    return Refuse(
                        Distrust.BadRevocationList,
                        about,
                        $"{list} was not signed by that CA, so nobody can say what is revoked. Fetch the lists again from the cluster."
                    );
                if (!list.Contains(SerialNumber.Of(chain[i])))
                    continue;
                return i == 0
                    ? Refuse(
                        Distrust.Revoked,
                        about,
                        "its certificate is revoked: the node was removed, or has a newer one. Invite it again if it is to be a member."
                    )
                    : Refuse(
                        Distrust.IssuerRevoked,
                        about,
                        "the issuing CA that signed its certificate is revoked. Invite the node again, or let it renew its certificate."
                    );
            }
        }

        return null;
    }

    private static Judgement? Time(X509Certificate2[] chain, DateTimeOffset now, string about)
    {
        for (var i = 0; i < chain.Length; i++)
        {
            // In the second of its end it is over, as it is for OpenSSL.
            DateTimeOffset from = chain[i].NotBefore,
                end = chain[i].NotAfter;
            var what = i == 0 ? "its certificate" : "the CA above its certificate";
            if (now >= end)
                return Refuse(
                    Distrust.Expired,
                    about,
                    $"{what} expired on {Utc(end)}, and here it is {Utc(now)}. Renew it, or set the clock right."
                );
            if (now < from)
                return Refuse(
                    Distrust.Early,
                    about,
                    $"{what} is valid from {Utc(from)}, and here it is {Utc(now)}. Set the clocks right, on both sides."
                );
        }

        return null;
    }

    private X509Chain Chain(IEnumerable<X509Certificate2> extra, DateTimeOffset now, Purpose purpose)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // Times are judged here: what checks the chain reads the host's time zone anew, and .NET does not, so after a change of the zone it
        // would judge by a time that is hours off.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(
            new Oid(purpose == Purpose.Client ? CertificateAuthority.ClientUse : CertificateAuthority.ServerUse)
        );
        chain.ChainPolicy.CustomTrustStore.AddRange(Roots.ToArray());
        chain.ChainPolicy.ExtraStore.AddRange(extra.ToArray());
        return chain;
    }

    private static bool IsFor(X509Certificate2 leaf, string host)
    {
        var isHost = Addresses.TryParse(host, out _) || Names.TryParse(host, 1, out _);
        return isHost && leaf.MatchesHostname(host, false, false);
    }

    private static string ClusterOf(X509Certificate2 root)
    {
        var urns = AlternativeNames.Of(root).Urns;
        var isRoot =
            CertificateAuthority.IsAuthority(root)
            && urns.Count == 1
            && urns[0] is { Duty: ClusterUrn.Authority, Number: 0 }
            && root.SubjectName.RawData.AsSpan().SequenceEqual(root.IssuerName.RawData);
        return isRoot
            ? urns[0].ClusterId
            : throw new TrustException(
                $"certificate {root.SerialNumber} in the CA file is not the root CA of a cluster; fetch the file again from the cluster."
            );
    }

    private static Judgement Refuse(string code, string about, string message) =>
        new(null, new Finding(Severity.Error, code, about, message));

    private static string Utc(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";

    private static string Words(X509ChainStatusFlags status) =>
        (status & ~X509ChainStatusFlags.NotTimeValid) switch
        {
            var s when (s & X509ChainStatusFlags.InvalidBasicConstraints) != 0 => "a certificate above it is not that of a CA",
            var s when (s & X509ChainStatusFlags.NotSignatureValid) != 0 => "a signature is wrong",
            var s when (s & X509ChainStatusFlags.PartialChain) != 0 => "the CA above it is not known here",
            var s when (s & X509ChainStatusFlags.UntrustedRoot) != 0 => "its root CA is not trusted here",
            var s => s.ToString(),
        };
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;
using RevocationList = Gatehouse.Core.Trust.RevocationList;

namespace Gatehouse.Cluster.Issuing;

/// <summary>The root CA with its key, for as long as something is signed with it.</summary>
internal sealed class RootAuthority : IDisposable
{
    private readonly ECDsa key;
    private readonly CertificateAuthority authority;

    private RootAuthority(Authority record, ECDsa key)
    {
        (Record, this.key) = (record, key);
        authority = new CertificateAuthority(X509Certificate2.CreateFromPem(record.Pem), key);
    }

    /// <summary>The root as the registry has it.</summary>
    public Authority Record { get; }

    /// <summary>Opens a root's key.</summary>
    /// <param name="record">The root, with its sealed key.</param>
    /// <param name="token">The master token.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <exception cref="SequenceException">The token is wrong, or the key is damaged.</exception>
    public static RootAuthority Open(Authority record, MasterToken token, string clusterId)
    {
        if (!SealedKey.TryRead(record.SealedKey ?? "", out var closed, out var problem))
            throw new SequenceException(ExitCodes.Failed, $"the sealed root key in the registry {problem}.");
        return closed.TryOpen(token, clusterId, out var key, out problem)
            ? new RootAuthority(record, key)
            : throw new SequenceException(ExitCodes.Refused, $"the sealed root key {problem}. Nothing was changed.");
    }

    /// <summary>Makes an issuing CA: its record, and its key.</summary>
    public (Authority Record, string KeyPem) MakeIssuing(DateTimeOffset now)
    {
        using var fresh = NewTrust.NewKey();
        using var certificate = authority.MakeIssuing(new PublicKey(fresh), Issuer.NewSerial(), now);
        return (
            new Authority(
                Issuer.FingerprintOf(certificate),
                AuthorityKind.Issuing,
                AuthorityState.Current,
                certificate.ExportCertificatePem() + "\n",
                null
            ),
            fresh.ExportPkcs8PrivateKeyPem() + "\n"
        );
    }

    /// <summary>Whether this root has signed an issuing CA.</summary>
    public bool HasSigned(Authority issuing)
    {
        using var certificate = X509Certificate2.CreateFromPem(issuing.Pem);
        return certificate.IssuerName.RawData.AsSpan().SequenceEqual(authority.Certificate.SubjectName.RawData);
    }

    /// <summary>The root's first list, empty.</summary>
    public Registry.RevocationList FirstList(DateTimeOffset now) =>
        new(Record.Fingerprint, 1, authority.MakeRevocationList(1, [], now).Pem);

    /// <summary>The root's next list, which revokes every issuing CA of it but one, and those revoked before.</summary>
    /// <param name="last">Its list before.</param>
    /// <param name="authorities">All authorities.</param>
    /// <param name="kept">The fingerprint of the issuing CA that stays.</param>
    /// <param name="now">The time.</param>
    public Registry.RevocationList Revoke(
        Registry.RevocationList? last,
        IEnumerable<Authority> authorities,
        string kept,
        DateTimeOffset now
    )
    {
        var before =
            last is not null && RevocationList.TryReadAll(last.Pem, out var lists, out _) ? lists.SelectMany(l => l.Revoked).ToArray() : [];
        var entries = before.ToDictionary(r => r.Serial);
        foreach (var old in authorities.Where(a => a.Kind == AuthorityKind.Issuing && a.Fingerprint != kept))
        {
            using var certificate = X509Certificate2.CreateFromPem(old.Pem);
            var serial = SerialNumber.Of(certificate);
            if (HasSigned(old) && !entries.ContainsKey(serial))
                entries.Add(serial, new RevokedCertificate(serial, now));
        }

        var number = (last?.Number ?? 0) + 1;
        return new Registry.RevocationList(Record.Fingerprint, number, authority.MakeRevocationList(number, entries.Values, now).Pem);
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();
}

using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Issuing;

/// <summary>
/// A new issuing CA on this node, step by step: prepared before the registry knows it, so that no registry ever names a CA
/// whose key is lost; taken after; in force when this node's own certificate is of it.
/// </summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class IssuingKey(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    private const string NextCertificate = "next-issuer.crt";
    private const string NextKey = "next-issuer.key";
    private readonly ClusterFiles files = new(machine);

    /// <summary>Whether this is the CA that is prepared here.</summary>
    public bool IsPrepared(Authority authority) => Is(authority, NextCertificate, NextKey);

    /// <summary>Whether this is the CA that signs here.</summary>
    public bool IsHere(Authority authority) => Is(authority, "issuer.crt", "issuer.key");

    /// <summary>Makes a new issuing CA and keeps its key here.</summary>
    public async Task<Authority> PrepareAsync(RootAuthority root, CancellationToken ct)
    {
        var (record, key) = root.MakeIssuing(clock.GetUtcNow());
        await files.WriteTrustAsync(NextKey, key, ct);
        await files.WriteTrustAsync(NextCertificate, record.Pem, ct);
        return record;
    }

    /// <summary>Files the first list of the prepared CA, empty: services ask for one of every CA.</summary>
    public async Task FileListAsync(ClusterRegistry registry, long epoch, CancellationToken ct)
    {
        using var issuer = Issuer.Of(files.ReadTrust(NextCertificate)!, new Secret(files.ReadTrust(NextKey)!), clock);
        if ((await registry.RevocationListsAsync(ct)).Any(l => l.Authority == Issuer.FingerprintOf(issuer.Certificate)))
            return;
        await registry.PutRevocationListAsync(epoch, issuer.Revoke(1, []), ct);
    }

    /// <summary>Puts the prepared CA where an apply takes it from.</summary>
    public async Task TakeAsync(CancellationToken ct)
    {
        await files.WriteTrustAsync("issuer.key", files.ReadTrust(NextKey)!, ct);
        await files.WriteTrustAsync("issuer.crt", files.ReadTrust(NextCertificate)!, ct);
    }

    /// <summary>
    /// Applies it here, and waits for the databases to take this node's own certificate of it; then everybody is told, and gets a
    /// certificate of the new CA.
    /// </summary>
    /// <returns>What following came to, and whether the own certificate is of the new CA.</returns>
    public async Task<(Followed Followed, bool IsComplete)> ComeIntoForceAsync(
        LocalNode me,
        ClusterRegistry registry,
        ClusterView view,
        CancellationToken ct
    )
    {
        using var own = Credentials.Read(machine.Real(Credentials.Directory));
        var others = view.Members.Where(n => n.Number != me.Number).ToArray();
        await Nudges.SendAsync(others, own, clock, ct);
        var follow = new FollowSequence(machine, clock, log);
        var followed = await follow.RunAloneAsync(force: true, ct);
        var certificate = new NodeCertificate(machine, clock, log);
        var isComplete = IsOwn();
        if (!isComplete)
        {
            // The apply may just have reloaded the database.
            await Task.Delay(Timeouts.Pause, clock, ct);
            isComplete = await Poll.UntilAsync(
                () => certificate.RenewAsync(me, registry, view, force: false, ct),
                Timeouts.FollowApply,
                clock,
                ct
            );
            if (isComplete)
                followed = await follow.RunAloneAsync(force: true, ct);
        }

        // What may be missing now, this node's own certificate, comes with following.
        await files.RemoveAsync($"{ClusterFiles.Trust}/{NextKey}", ct);
        await files.RemoveAsync($"{ClusterFiles.Trust}/{NextCertificate}", ct);
        using var now = Credentials.Read(machine.Real(Credentials.Directory));
        await Nudges.SendAsync(others, now, clock, ct);
        return (followed, isComplete);
    }

    // Whether this node's certificate is of the CA that signs here.
    private bool IsOwn()
    {
        if (files.ReadTrust("node.crt") is not { } pem || files.ReadTrust("issuer.crt") is not { } issuer)
            return false;
        using X509Certificate2 node = X509Certificate2.CreateFromPem(pem),
            authority = X509Certificate2.CreateFromPem(issuer);
        return node.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData);
    }

    private bool Is(Authority authority, string certificate, string key)
    {
        if (files.ReadTrust(certificate) is not { } pem || files.ReadTrust(key) is not { } secret)
            return false;
        try
        {
            using var issuer = Issuer.Of(pem, new Secret(secret), clock);
            return Issuer.FingerprintOf(issuer.Certificate) == authority.Fingerprint;
        }
        catch (Exception e) when (e is TrustException or System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}

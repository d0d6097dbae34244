using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Clusters.Messages;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Membership;

/// <summary>This node's certificate: renewed in time, after a change of what it says, and when another CA signs now.</summary>
/// <param name="machine">The host.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told how it goes.</param>
internal sealed class NodeCertificate(LocalMachine machine, TimeProvider clock, IApplyLog log)
{
    /// <summary>The order that makes a member renew its certificate at once.</summary>
    public const string Order = "renew-certificate";

    private const string NextCertificate = "next.crt";
    private const string NextKey = "next.key";
    private readonly ClusterFiles files = new(machine);

    /// <summary>Whether there is a next certificate that the registry did not take when it was tried.</summary>
    public bool IsAwaited { get; private set; }

    /// <summary>Whether a certificate says what it is to say, is signed by who signs now, and has most of its life before it.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="number">The node's number.</param>
    /// <param name="issuing">The subject of the issuing CA, DER; empty when it is not known.</param>
    /// <param name="now">The time.</param>
    public static bool IsRight(
        X509Certificate2 certificate,
        ClusterView view,
        int number,
        ReadOnlySpan<byte> issuing,
        DateTimeOffset now
    ) =>
        NodeIdentity.TryRead(certificate, out var identity, out _)
        && identity.Number == number
        && identity.Address.Equals(view.Node(number)!.Address)
        && identity.IssuerEpoch == (view.Cluster.Issuer == number ? view.Cluster.Epoch : null)
        && (issuing.IsEmpty || certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuing))
        && !Renewal.IsDue(certificate, now);

    /// <summary>Renews the certificate when it is due, and puts it where an apply takes it from.</summary>
    /// <param name="me">This node.</param>
    /// <param name="registry">The registry, by the certificate in force.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="force">Whether also when nothing is wrong with the one there is.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Whether there is a new one to be applied.</returns>
    public async Task<bool> RenewAsync(LocalNode me, ClusterRegistry registry, ClusterView view, bool force, CancellationToken ct)
    {
        var current = (await registry.AuthoritiesAsync(ct)).FirstOrDefault(a =>
            a is { Kind: AuthorityKind.Issuing, State: AuthorityState.Current }
        );
        using var authority = current is null ? null : X509Certificate2.CreateFromPem(current.Pem);
        var issuing = authority?.SubjectName.RawData ?? [];
        if (!force && Staged("node.crt", "node.key") is { } own && IsRight(own, view, me.Number, issuing, clock.GetUtcNow()))
            return false;
        try
        {
            if (Staged(NextCertificate, NextKey) is not { } next || !IsRight(next, view, me.Number, issuing, clock.GetUtcNow()))
                await OrderAsync(me, registry, view, ct);
            return await TakeAsync(me, ct);
        }
        catch (Exception e) when (e is AgentException or TrustException)
        {
            // The old one is good for a third of its life yet; the next run tries again.
            log.Note($"the certificate could not be renewed: {e.Message}");
            return false;
        }
    }

    /// <summary>
    /// Gets the next certificate for a node whose own has ended, which no service lets in any more: from the issuer's agent, which still
    /// gives it that, or, on the issuer, from its own CA. It is put where an apply takes it from.
    /// </summary>
    /// <param name="me">This node.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Whether the certificate in force has ended and there is another.</returns>
    /// <exception cref="SequenceException">There is none to be had now.</exception>
    public async Task<bool> RenewLapsedAsync(LocalNode me, CancellationToken ct)
    {
        using var inForce = Credentials.Read(machine.Real(Credentials.Directory));
        if (clock.GetUtcNow() < inForce.Certificate.NotAfter)
            return false;
        // One that was cut off before the apply has got it already.
        if (Staged("node.crt", "node.key") is { } staged && clock.GetUtcNow() < staged.NotAfter)
            return true;
        log.Note(
            $"The certificate of this node ended on {inForce.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC; it needs the "
                + $"next one before it can do anything else"
        );
        var view =
            ViewCache.Read()
            ?? throw new SequenceException(
                ExitCodes.Failed,
                "the certificate of this node has ended, and nothing here tells where the issuer is: 'gatehouse sync --from ADDRESS' asks "
                    + "another member."
            );
        using var key = NewTrust.NewKey();
        try
        {
            using var issuer = view.Cluster.Issuer == me.Number ? Issuer.Read(machine.Real(ClusterFiles.Trust), clock) : null;
            var pem =
                issuer?.Sign(me.Number, me.Name, view.Node(me.Number)!.Address, view.Cluster.Epoch, new PublicKey(key)).Pem
                ?? await AskAsync(inForce, view, key, ct);
            await files.WriteTrustAsync("node.key", key.ExportPkcs8PrivateKeyPem() + "\n", ct);
            await files.WriteTrustAsync("node.crt", pem, ct);
            return true;
        }
        catch (Exception e) when (e is AgentException or TrustException)
        {
            throw new SequenceException(ExitCodes.Failed, $"the certificate of this node has ended, and there is no other: {e.Message}", e);
        }
    }

    /// <summary>Files the issuer's own certificate, where it had to sign it while it could not reach the registry.</summary>
    public async Task FileAsync(LocalNode me, ClusterRegistry registry, ClusterView view, CancellationToken ct)
    {
        if (view.Cluster.Issuer != me.Number || Staged("node.crt", "node.key") is not { } own)
            return;
        if ((await registry.CertificatesAsync(ct)).Any(c => c.Issued.Serial == Issuer.SerialOf(own)))
            return;
        await registry.AddCertificateAsync(view.Cluster.Epoch, me.Number, Issuer.Record(own, files.ReadTrust("node.crt")!), ct);
    }

    private async Task OrderAsync(LocalNode me, ClusterRegistry registry, ClusterView view, CancellationToken ct)
    {
        log.Note("Renewing this node's certificate");
        using var key = NewTrust.NewKey();
        var pem = await SignedAsync(me, registry, view, key, ct);
        await files.WriteTrustAsync(NextKey, key.ExportPkcs8PrivateKeyPem() + "\n", ct);
        await files.WriteTrustAsync(NextCertificate, pem, ct);
    }

    private async Task<string> SignedAsync(LocalNode me, ClusterRegistry registry, ClusterView view, ECDsa key, CancellationToken ct)
    {
        var node = view.Node(me.Number)!;
        if (view.Cluster.Issuer == me.Number)
        {
            using var issuer =
                Issuer.Read(machine.Real(ClusterFiles.Trust), clock)
                ?? throw new TrustException(
                    "this node is the issuer, and its issuing CA's key is not here; 'gatehouse promote' makes a new one."
                );
            var certificate = issuer.Sign(node.Number, node.Name, node.Address, view.Cluster.Epoch, new PublicKey(key));
            await registry.AddCertificateAsync(view.Cluster.Epoch, node.Number, certificate, ct);
            return certificate.Pem;
        }

        using var credentials = Credentials.Read(machine.Real(Credentials.Directory));
        return await AskAsync(credentials, view, key, ct);
    }

    private async Task<string> AskAsync(Credentials own, ClusterView view, ECDsa key, CancellationToken ct)
    {
        using var client = AgentClient.Member(own, view.Node(view.Cluster.Issuer)!, clock);
        return (await client.RenewAsync(new RenewRequest(SigningRequest.Make(key)), ct)).Certificate;
    }

    // After a change of the CA a database server has to read the new CA's revocation list first; until then it lets nobody in by
    // a certificate of that CA, and the old one is the better one.
    private async Task<bool> TakeAsync(LocalNode me, CancellationToken ct)
    {
        var (certificate, key) = (files.ReadTrust(NextCertificate)!, files.ReadTrust(NextKey)!);
        try
        {
            await using var trial = RegistryAccess.Open(me, certificate, new Secret(key), machine.Real(ClusterFiles.Trust));
            await trial.ViewAsync(ct);
        }
        catch (RegistryException)
        {
            if (!IsAwaited)
                log.Note("The database does not take the new certificate yet; the old one stays in use until it does");
            IsAwaited = true;
            return false;
        }

        await files.WriteTrustAsync("node.key", key, ct);
        await files.WriteTrustAsync("node.crt", certificate, ct);
        await files.RemoveAsync($"{ClusterFiles.Trust}/{NextCertificate}", ct);
        await files.RemoveAsync($"{ClusterFiles.Trust}/{NextKey}", ct);
        IsAwaited = false;
        return true;
    }

    // A certificate beside the key of another run is none.
    private X509Certificate2? Staged(string certificate, string key)
    {
        if (files.ReadTrust(certificate) is not { } pem || files.ReadTrust(key) is not { } secret)
            return null;
        try
        {
            return X509Certificate2.CreateFromPem(pem, secret);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}

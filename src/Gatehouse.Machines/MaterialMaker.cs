using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>
/// Obtains a node's keys, certificates and generated secrets: what the machine has and still fits is kept, the rest is made.
/// Nothing is written here; the renderer puts the material into files like any other value.
/// </summary>
public static class MaterialMaker
{
    /// <summary>Where a member's sequences put what its cluster's CA gave: key, certificates, revocation lists.</summary>
    public const string ClusterPki = "/var/lib/gatehouse/cluster/pki";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(825);

    // A sender whose clock is slow is not to find it in the future.
    private static readonly TimeSpan Early = TimeSpan.FromHours(1);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>Reads or makes the material for these settings.</summary>
    /// <param name="settings">What the node is to be.</param>
    /// <param name="machine">Where earlier material lies.</param>
    /// <param name="now">The time, for certificates.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <param name="cluster">What a cluster's CA gave, for a member; null takes it from the machine.</param>
    /// <exception cref="MachineException">The settings are those of a cluster's member, and the host is none.</exception>
    public static async ValueTask<Material> ObtainAsync(
        GatewaySettings settings,
        IMachine machine,
        DateTimeOffset now,
        CancellationToken ct,
        ClusterMaterial? cluster = null
    )
    {
        // Somebody looks at what would become of a cluster that is not there yet; its secrets are not made for that.
        var isPreview = cluster is not null;
        cluster = settings.System.Profile.Clustered ? cluster ?? await ClusterAsync(machine, ct) : null;
        var mta = settings.Mta;
        var web = settings.Web;
        var dkim = mta is null or { DkimDomains.IsEmpty: true } ? null : mta.DkimKey ?? await DkimKeyAsync(machine, mta.DkimSelector, ct);
        var webPassword = web?.Password.Source == PasswordSource.Generate ? await WebPasswordAsync(settings, machine, isPreview, ct) : null;
        return new Material
        {
            Mta = mta is null ? null : await CertificateAsync(mta.Certificate, mta.HostName, "mta", cluster, machine, now, ct),
            Web = web is null ? null : await CertificateAsync(web.Certificate, web.HostName, "web", cluster, machine, now, ct),
            Dkim = dkim,
            Backend = settings.System.Profile.Clustered ? await BackendAsync(settings, machine, isPreview, ct) : null,
            RedisPassword = mta is null ? null : await SecretAsync(machine, "redis-password", 40, ct),
            ControllerPassword = mta is null ? null : await SecretAsync(machine, "controller-password", 40, ct),
            WebPassword = webPassword,
            WebPasswordHash = web is null
                ? null
                : await HashAsync(web.Password.Source == PasswordSource.Hash ? null : webPassword ?? web.Password.Value, web, machine, ct),
            Cluster = cluster,
        };
    }

    // The same on every node, so none of them makes it: it comes sealed from the registry, or the host has none yet.
    private static async ValueTask<BackendMaterial> BackendAsync(
        GatewaySettings settings,
        IMachine machine,
        bool isPreview,
        CancellationToken ct
    )
    {
        var usesRedis =
            settings.Backend.Of(ServiceKind.Redis) is null
            && Members.Of(settings).With("cache").Any()
            && (settings.System.Profile.Has("cache") || settings.Mta is not null);
        return new(
            usesRedis ? await SealedAsync(machine, SharedSecret.RedisPassword, isPreview, ct) : null,
            settings.System.Profile.Has("mq") ? await SealedAsync(machine, SharedSecret.ErlangCookie, isPreview, ct) : null
        );
    }

    private static ValueTask<Secret> WebPasswordAsync(GatewaySettings settings, IMachine machine, bool isPreview, CancellationToken ct) =>
        settings.System.Profile.Clustered
            ? SealedAsync(machine, SharedSecret.WebPassword, isPreview, ct)
            : SecretAsync(machine, "web-password", 20, ct);

    private static async ValueTask<Secret> SealedAsync(IMachine machine, string name, bool isPreview, CancellationToken ct)
    {
        if ((await machine.ReadAsync(SealedName.FileOf(name), ct))?.Text.Trim() is { Length: > 0 } text)
            return new Secret(text);
        return isPreview
            ? new Secret("not-made-yet")
            : throw new MachineException(
                $"{SealedName.FileOf(name)} is missing; it is a secret shared by the nodes of the cluster. 'gatehouse sync' "
                    + "fetches it from the registry."
            );
    }

    // What bootstrap, join and renewal put there. All of it or nothing: a member without a part of it trusts nobody, or everybody.
    private static async ValueTask<ClusterMaterial> ClusterAsync(IMachine machine, CancellationToken ct)
    {
        var node =
            await PairAsync(machine, "node", ct)
            ?? throw new MachineException(
                $"this host is not a member of a cluster yet: {ClusterPki}/node.key is missing. Run 'gatehouse bootstrap' to "
                    + "create a cluster, or 'gatehouse join' to join one."
            );
        return new ClusterMaterial(
            node,
            await NeededAsync(machine, "cluster-ca.pem", ct),
            await NeededAsync(machine, "cluster.crl", ct),
            await PairAsync(machine, "issuer", ct)
        )
        {
            ClusterId = ClusterOf(node.CertificatePem),
            Seat = QuorumSeat.Read((await machine.ReadAsync(QuorumSeat.Path, ct))?.Text),
        };
    }

    private static string ClusterOf(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return NodeIdentity.TryRead(certificate, out var identity, out var problem)
            ? identity.ClusterId
            : throw new MachineException(
                $"{ClusterPki}/node.crt is not a valid node certificate: {problem}. 'gatehouse sync' fetches a new one."
            );
    }

    private static async ValueTask<CertifiedKey?> PairAsync(IMachine machine, string name, CancellationToken ct)
    {
        if (await machine.ReadAsync($"{ClusterPki}/{name}.key", ct) is not { } key)
            return null;
        var certificate = await NeededAsync(machine, $"{name}.crt", ct);
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificate, key.Text);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new MachineException(
                $"{ClusterPki}/{name}.key does not match {name}.crt. 'gatehouse sync' fetches a matching certificate.",
                e
            );
        }

        return new CertifiedKey(new Secret(key.Text), certificate);
    }

    private static async ValueTask<string> NeededAsync(IMachine machine, string name, CancellationToken ct) =>
        (await machine.ReadAsync($"{ClusterPki}/{name}", ct))?.Text
        ?? throw new MachineException(
            $"{ClusterPki}/{name} is missing. Run the interrupted 'gatehouse bootstrap' or 'gatehouse join' again; it creates this file."
        );

    private static async ValueTask<CertifiedKey> CertificateAsync(
        CertificateChoice choice,
        string name,
        string user,
        ClusterMaterial? cluster,
        IMachine machine,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        if (choice.Source == CertificateSource.Own)
            return new CertifiedKey(choice.KeyPem, choice.CertificatePem);
        if (choice.Source == CertificateSource.Cluster && cluster is not null)
            return cluster.Node;
        var key = (await machine.ReadAsync($"/etc/gatehouse/pki/{user}.key", ct))?.Text;
        var certificate = (await machine.ReadAsync($"/etc/gatehouse/pki/{user}.crt", ct))?.Text;
        return key is not null && certificate is not null && Fits(certificate, key, name, now)
            ? new CertifiedKey(new Secret(key), certificate)
            : SelfSigned(name, now);
    }

    // A kept certificate must be one that was made here: after a change from own files a new one is made.
    private static bool Fits(string certificatePem, string keyPem, string name, DateTimeOffset now)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            return certificate.MatchesHostname(name)
                && certificate.NotAfter.ToUniversalTime() > now + RenewBefore
                && IsMadeHere(certificate);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static bool IsMadeHere(X509Certificate2 certificate) =>
        certificate.Subject == certificate.Issuer
        && certificate.NotAfter - certificate.NotBefore == Early + Lifetime
        && OwnCertificate.KeyProblem(certificate) is null;

    private static CertifiedKey SelfSigned(string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.CreateSelfSigned(now - Early, now + Lifetime);
        return new CertifiedKey(new Secret(key.ExportPkcs8PrivateKeyPem()), certificate.ExportCertificatePem() + "\n");
    }

    // RSA, because not every verifier knows Ed25519 (RFC 8463). A key that is there is never replaced: its record is in DNS.
    private static async ValueTask<DkimKey> DkimKeyAsync(IMachine machine, string selector, CancellationToken ct)
    {
        const string place = "/etc/exim4/gatehouse/dkim.key";
        if (
            await machine.ReadAsync($"/etc/gatehouse/dkim/{selector}.txt", ct) is not null
            && await machine.ReadAsync(place, ct) is { } kept
        )
        {
            return DkimKey.Read(kept.Text, out var problem)
                ?? throw new MachineException(
                    $"{place} {problem}. Restore the correct key, or remove the file to generate a new key, whose record "
                        + "must then be published."
                );
        }

        using var key = RSA.Create(2048);
        return DkimKey.OfRsa(key);
    }

    private static async ValueTask<Secret> SecretAsync(IMachine machine, string name, int length, CancellationToken ct)
    {
        var kept = (await machine.ReadAsync($"/etc/gatehouse/secrets/{name}", ct))?.Text.Trim();
        // Letters that nobody mistakes for another at a console.
        return new Secret(kept is { Length: > 0 } ? kept : RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", length));
    }

    private static async ValueTask<Secret> HashAsync(Secret? password, WebSettings web, IMachine machine, CancellationToken ct)
    {
        if (password is null)
            return web.Password.Value ?? new Secret("!");
        var line = (await machine.ReadAsync("/etc/nginx/gatehouse/administrators", ct))?.Text.Trim() ?? "";
        var kept = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (kept.StartsWith("$6$", StringComparison.Ordinal) && LibC.Crypt(password.Reveal(), kept) == kept)
            return new Secret(kept);
        var salt = "$6$" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 16);
        return new Secret(
            LibC.Crypt(password.Reveal(), salt) ?? throw new MachineException("crypt(3) on this system does not support SHA-512.")
        );
    }
}

using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Agent;
using Gatehouse.Cluster.Issuing;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Founding;

/// <summary>
/// The trust of a restored cluster: the roots it had, a new issuing CA, and all earlier ones revoked, so that no certificate of before
/// opens anything. It is made once and kept on disk, and a run that was cut off is gone on with by it.
/// </summary>
/// <param name="Authorities">The authorities of before, the earlier issuing ones retired, and last the new issuing CA.</param>
/// <param name="RevocationLists">Their lists.</param>
/// <param name="Node">The node's certificate.</param>
internal sealed record RestoredTrust(
    ImmutableArray<Authority> Authorities,
    ImmutableArray<Registry.RevocationList> RevocationLists,
    IssuedCertificate Node
)
{
    private const string Kept = "restored.json";

    /// <summary>The mark of a restore that has not come to its end.</summary>
    public const string Mark = $"{ClusterFiles.Trust}/{Kept}";

    /// <summary>What it was made for: it is good for nothing else.</summary>
    /// <param name="Backup">SHA-256 of the backup's content.</param>
    /// <param name="Node">The node's name.</param>
    /// <param name="Address">Its address.</param>
    internal sealed record Purpose(string Backup, string Node, string Address);

    /// <summary>What a run before this one has made for the same purpose; null when there is none.</summary>
    public static RestoredTrust? Read(ClusterFiles files, Purpose purpose, DateTimeOffset now)
    {
        try
        {
            return
                files.Read(Mark) is { } text
                && JsonSerializer.Deserialize(text, RestoredJson.Default.KeptTrust) is { } kept
                && kept.Purpose == purpose
                && kept.Trust.Node.NotAfter > now
                ? kept.Trust
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Makes it, and puts it where an apply takes it from.</summary>
    /// <param name="files">The files of the membership.</param>
    /// <param name="purpose">What it is for.</param>
    /// <param name="backup">The backup.</param>
    /// <param name="number">The node's number.</param>
    /// <param name="host">The node.</param>
    /// <param name="token">The master token.</param>
    /// <param name="key">The encryption key.</param>
    /// <param name="clock">The time.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<RestoredTrust> MakeAsync(
        ClusterFiles files,
        Purpose purpose,
        ClusterBackup backup,
        int number,
        RestoringHost host,
        MasterToken token,
        EncryptionKey key,
        TimeProvider clock,
        CancellationToken ct
    )
    {
        var now = clock.GetUtcNow();
        using var root = RootAuthority.Open(backup.Root, token, backup.Cluster.Id);
        var (issuing, issuingKey) = root.MakeIssuing(now);
        using var issuer = Issuer.Of(issuing.Pem, new Secret(issuingKey), clock);
        using var nodeKey = NewTrust.NewKey();
        var node = issuer.Sign(
            number,
            host.Former.Node.Name,
            host.Address,
            RestoreRules.EpochAfter(backup.Cluster.Epoch),
            new PublicKey(nodeKey)
        );
        var made = new RestoredTrust(
            [.. backup.Authorities.Select(Retire), issuing],
            [.. Lists(backup, token, issuing.Fingerprint, now), issuer.Revoke(1, [])],
            node
        );

        await files.WriteSecretAsync(ClusterFiles.EncryptionKey, key.Text, ct);
        await files.WriteForAgentAsync(ClusterFiles.EncryptionKeyToGive, key.Text, ct);
        await files.WriteSecretAsync(ClusterFiles.SealedRootKey, new Secret(backup.Root.SealedKey!), ct);
        await files.WriteTrustAsync("cluster-ca.pem", string.Concat(made.Roots.Select(r => r.Pem.TrimEnd() + "\n")), ct);
        await files.WriteTrustAsync("cluster.crl", string.Concat(made.RevocationLists.Select(l => l.Pem.TrimEnd() + "\n")), ct);
        await files.WriteTrustAsync("issuer.crt", issuing.Pem, ct);
        await files.WriteTrustAsync("issuer.key", issuingKey, ct);
        await files.WriteTrustAsync("node.crt", node.Pem, ct);
        await files.WriteTrustAsync("node.key", nodeKey.ExportPkcs8PrivateKeyPem() + "\n", ct);
        // Last: with it, all of it is there.
        await files.WriteTrustAsync(Kept, JsonSerializer.Serialize(new KeptTrust(purpose, made), RestoredJson.Default.KeptTrust), ct);
        return made;
    }

    /// <summary>The roots that members trust, oldest first.</summary>
    [JsonIgnore]
    public IEnumerable<Authority> Roots => Authorities.Where(RestoreRules.IsTrustedRoot);

    private static Authority Retire(Authority authority) =>
        authority.Kind == AuthorityKind.Issuing ? authority with { State = AuthorityState.Retired } : authority;

    // Each root's next list has all that it has signed but the new one; the lists of the earlier issuing CAs stay as they were.
    private static IEnumerable<Registry.RevocationList> Lists(ClusterBackup backup, MasterToken token, string kept, DateTimeOffset now)
    {
        var roots = backup.Authorities.Where(RestoreRules.IsTrustedRoot).ToArray();
        foreach (var record in roots)
        {
            using var root = RootAuthority.Open(record, token, backup.Cluster.Id);
            var last = backup.RevocationLists.FirstOrDefault(l => l.Authority == record.Fingerprint);
            yield return root.Revoke(
                last is null ? null : last with { Number = last.Number + RestoreRules.Leap },
                backup.Authorities,
                kept,
                now
            );
        }

        foreach (var list in backup.RevocationLists.Where(l => roots.All(r => r.Fingerprint != l.Authority)))
            yield return list;
    }
}

/// <summary>A restored trust as it is kept until the registry has it.</summary>
/// <param name="Purpose">What it is for.</param>
/// <param name="Trust">The trust.</param>
internal sealed record KeptTrust(RestoredTrust.Purpose Purpose, RestoredTrust Trust);

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(KeptTrust))]
internal sealed partial class RestoredJson : JsonSerializerContext;

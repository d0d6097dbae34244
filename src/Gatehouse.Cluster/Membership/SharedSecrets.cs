using System.Collections.Immutable;
using System.Security.Cryptography;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Membership;

/// <summary>Makes the secrets that the nodes of a cluster share: with the cluster, or when an older one has none of them yet.</summary>
internal static class SharedSecrets
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

    /// <summary>Makes those that are missing among the ones that nodes of a profile use.</summary>
    /// <param name="there">Names of secrets that exist.</param>
    /// <param name="key">What they are sealed with.</param>
    /// <param name="profile">The profile; others' secrets are not shown to such a node, so it cannot know whether they exist.</param>
    public static ImmutableArray<SealedSecret> Missing(IEnumerable<string> there, EncryptionKey key, Profile profile)
    {
        var known = there.ToHashSet(StringComparer.Ordinal);
        return
        [
            .. SharedSecret
                .All.Where(s => !known.Contains(s.Name) && SecretDuties.Reaches(s.Name, profile))
                .Select(s => new SealedSecret(
                    s.Name,
                    key.Id,
                    Sealed
                        .Seal(
                            key,
                            s.Name,
                            new Secret(RandomNumberGenerator.GetString(Letters, s.Length)),
                            RandomNumberGenerator.GetBytes(Sealed.NonceBytes)
                        )
                        .ToString()
                )),
        ];
    }

    /// <summary>Files those that are missing in the registry. What another member filed at the same moment stays.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="there">What it holds.</param>
    /// <param name="key">What they are sealed with.</param>
    /// <param name="profile">This node's profile.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>What it holds now.</returns>
    public static async Task<ImmutableArray<SealedSecret>> CompleteAsync(
        ClusterRegistry registry,
        ImmutableArray<SealedSecret> there,
        EncryptionKey key,
        Profile profile,
        CancellationToken ct
    )
    {
        var missing = Missing(there.Select(s => s.Name), key, profile);
        if (missing.IsEmpty)
            return there;
        foreach (var secret in missing)
            await registry.AddSecretAsync(secret, ct);
        return await registry.SecretsAsync(ct);
    }
}

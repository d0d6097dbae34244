using System.Collections.Immutable;

namespace Gatehouse.Registry;

/// <summary>A secret of the cluster as it is kept.</summary>
/// <param name="Name">What settings name it by.</param>
/// <param name="KeyId">Which encryption key it was sealed with.</param>
/// <param name="Sealed">The sealed value.</param>
public sealed record SealedSecret(string Name, string KeyId, string Sealed);

/// <summary>Sealed secrets.</summary>
public sealed partial class ClusterRegistry
{
    private const string SecretColumns = "name, key_id, sealed";

    /// <summary>Files a secret. Any member may file one of a new name; the issuer and nodes that hold the registry may replace
    /// one.</summary>
    public Task PutSecretAsync(SealedSecret secret, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.put_secret($1, $2, $3)", secret.Name, secret.KeyId, secret.Sealed), ct);

    /// <summary>Files a secret unless there is one of its name, which then stays. Those of the cluster itself by a node that uses
    /// them.</summary>
    public Task AddSecretAsync(SealedSecret secret, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.add_secret($1, $2, $3)", secret.Name, secret.KeyId, secret.Sealed), ct);

    /// <summary>A secret by its name; null when there is none, or when this node's duties do not need it.</summary>
    public async Task<SealedSecret?> SecretAsync(string name, CancellationToken ct = default) =>
        (
            await RowsAsync(
                new($"SELECT {SecretColumns} FROM gatehouse.own_secrets() WHERE name = $1", name),
                r => new SealedSecret(r.GetString(0), r.GetString(1), r.GetString(2)),
                ct
            )
        ).SingleOrDefault();

    /// <summary>The secrets that this node's duties need, by name: all of them on the issuer and on nodes that hold the registry.</summary>
    public Task<ImmutableArray<SealedSecret>> SecretsAsync(CancellationToken ct = default) =>
        RowsAsync(
            new($"SELECT {SecretColumns} FROM gatehouse.own_secrets() ORDER BY name"),
            r => new SealedSecret(r.GetString(0), r.GetString(1), r.GetString(2)),
            ct
        );

    /// <summary>The secrets that nodes of a profile need, by name. By the issuer.</summary>
    /// <param name="profile">The name of the profile.</param>
    /// <param name="ct">Gives up.</param>
    public Task<ImmutableArray<SealedSecret>> SecretsOfProfileAsync(string profile, CancellationToken ct = default) =>
        RowsAsync(
            new($"SELECT {SecretColumns} FROM gatehouse.secrets_of_profile($1) ORDER BY name", profile),
            r => new SealedSecret(r.GetString(0), r.GetString(1), r.GetString(2)),
            ct
        );
}

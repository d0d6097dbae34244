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

    /// <summary>Files a secret in the place of an earlier one of its name. By any member.</summary>
    public Task PutSecretAsync(SealedSecret secret, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.put_secret($1, $2, $3)", secret.Name, secret.KeyId, secret.Sealed), ct);

    /// <summary>Files a secret unless there is one of its name, which then stays. By any member.</summary>
    public Task AddSecretAsync(SealedSecret secret, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.add_secret($1, $2, $3)", secret.Name, secret.KeyId, secret.Sealed), ct);

    /// <summary>A secret by its name; null when there is none.</summary>
    public async Task<SealedSecret?> SecretAsync(string name, CancellationToken ct = default) =>
        (await RowsAsync(new($"SELECT {SecretColumns} FROM gatehouse.secrets WHERE name = $1", name), r => new SealedSecret(r.GetString(0), r.GetString(1), r.GetString(2)), ct)).SingleOrDefault();

    /// <summary>All secrets by name.</summary>
    public Task<ImmutableArray<SealedSecret>> SecretsAsync(CancellationToken ct = default) =>
        RowsAsync(new($"SELECT {SecretColumns} FROM gatehouse.secrets ORDER BY name"), r => new SealedSecret(r.GetString(0), r.GetString(1), r.GetString(2)), ct);
}

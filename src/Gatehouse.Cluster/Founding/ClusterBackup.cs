using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Values;
using Gatehouse.Registry;
using SealedSecret = Gatehouse.Registry.SealedSecret;

namespace Gatehouse.Cluster.Founding;

/// <summary>What a backup holds: all that the registry knows and that a new beginning needs, and what the host that made it has for
/// itself.</summary>
internal sealed record ClusterBackup
{
    /// <summary>The most settings versions that are kept.</summary>
    public const int MostVersions = 20;

    /// <summary>The cluster.</summary>
    public required Core.Clusters.Cluster Cluster { get; init; }

    /// <summary>Its nodes with their own answers, the removed ones too: their numbers stay taken.</summary>
    public required ImmutableArray<FormerNode> Nodes { get; init; }

    /// <summary>Its authorities, oldest first; roots with their keys as the master token sealed them.</summary>
    public required ImmutableArray<Authority> Authorities { get; init; }

    /// <summary>Their revocation lists.</summary>
    public required ImmutableArray<Registry.RevocationList> RevocationLists { get; init; }

    /// <summary>The newest settings versions, oldest first.</summary>
    public required ImmutableArray<SettingsVersion> Settings { get; init; }

    /// <summary>The cluster's secrets, sealed once more.</summary>
    public required ImmutableArray<SealedSecret> Secrets { get; init; }

    /// <summary>Keys and passwords that the host had for itself, such as DKIM keys: path and content.</summary>
    public required ImmutableArray<OwnFile> Own { get; init; }

    /// <summary>How many events there were.</summary>
    public required long Events { get; init; }

    /// <summary>The hash of the last event, to which the record of the restored cluster refers.</summary>
    public required string LastEvent { get; init; }

    /// <summary>The nodes that were no removed ones, by number.</summary>
    [JsonIgnore]
    public IEnumerable<ClusterNode> Members => Nodes.Select(n => n.Node).Where(n => n.State != NodeState.Removed).OrderBy(n => n.Number);

    /// <summary>The root that signs.</summary>
    [JsonIgnore]
    public Authority Root => Authorities.Single(a => a is { Kind: AuthorityKind.Root, State: AuthorityState.Current });

    /// <summary>The settings that come into force: the newest that were good everywhere.</summary>
    [JsonIgnore]
    public SettingsVersion InForce => Settings.Where(s => s.State == SettingsState.Good).MaxBy(s => s.Number)!;

    /// <summary>The content as it is sealed.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.ClusterBackup);

    /// <summary>Reads a content.</summary>
    /// <param name="content">What <see cref="Write"/> wrote.</param>
    /// <param name="backup">The backup; null when there is a problem.</param>
    /// <param name="problem">What is missing, to follow the name of the file.</param>
    public static bool TryRead(ReadOnlySpan<byte> content, [NotNullWhen(true)] out ClusterBackup? backup, out string problem)
    {
        try
        {
            backup = JsonSerializer.Deserialize(content, BackupJson.Default.ClusterBackup);
            problem = backup is null ? "is empty" : backup.Missing();
        }
        catch (JsonException e)
        {
            (backup, problem) = (null, $"holds something that this release does not understand ({e.Path}); use the release that made it");
        }

        if (problem.Length > 0)
            backup = null;
        return backup is not null;
    }

    /// <summary>The versions as a restored cluster has them: what was not good everywhere yet is not begun with.</summary>
    public IEnumerable<SettingsVersion> Versions() =>
        Settings.Select(s =>
            s.State is SettingsState.Good or SettingsState.Withdrawn
                ? s
                : s with
                {
                    State = SettingsState.Withdrawn,
                    Note = "it was not in force everywhere when the backup was made",
                }
        );

    private string Missing() =>
        Authorities.Count(a => a is { Kind: AuthorityKind.Root, State: AuthorityState.Current }) != 1
            ? "holds no root CA; use another backup"
        : Settings.All(s => s.State != SettingsState.Good) ? "holds no settings that were in force; use another backup"
        : !Members.Any() ? "holds no nodes; use another backup"
        : "";
}

/// <summary>A file that a host had for itself.</summary>
/// <param name="Path">Where.</param>
/// <param name="Content">What.</param>
internal sealed record OwnFile(string Path, byte[] Content)
{
    /// <inheritdoc/>
    public override string ToString() => Path;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    Converters = [typeof(AddressConverter)]
)]
[JsonSerializable(typeof(ClusterBackup))]
internal sealed partial class BackupJson : JsonSerializerContext;

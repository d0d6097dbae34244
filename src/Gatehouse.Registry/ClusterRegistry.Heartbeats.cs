using System.Collections.Immutable;

namespace Gatehouse.Registry;

/// <summary>What a node said last.</summary>
/// <param name="Node">Its number.</param>
/// <param name="At">When; null when it never did.</param>
/// <param name="Release">The release it runs.</param>
/// <param name="SettingsVersion">The settings version in force on it.</param>
/// <param name="Status">A JSON object of what it measured.</param>
public sealed record Heartbeat(int Node, DateTimeOffset? At, string Release, long SettingsVersion, string Status);

/// <summary>Heartbeats.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>This node lives.</summary>
    /// <param name="release">The release it runs.</param>
    /// <param name="settingsVersion">The settings version in force.</param>
    /// <param name="status">A JSON object of at most 65,536 characters.</param>
    /// <param name="ct">Gives up.</param>
    public Task BeatAsync(string release, long settingsVersion, string status, CancellationToken ct = default) =>
        ScalarAsync<object>(new("SELECT gatehouse.heartbeat_self($1, $2, $3::jsonb)", release, settingsVersion, status), ct);

    /// <summary>The last heartbeat of every member.</summary>
    public Task<ImmutableArray<Heartbeat>> HeartbeatsAsync(CancellationToken ct = default) =>
        RowsAsync(
            new(
                """
                SELECT h.node, h.at, h.release, h.settings_version, h.status::text
                FROM gatehouse.heartbeats h JOIN gatehouse.nodes n ON n.number = h.node WHERE n.state <> 'removed' ORDER BY h.node
                """
            ),
            r => new Heartbeat(r.GetInt32(0), r.TimeOrNull(1), r.GetString(2), r.GetInt64(3), r.GetString(4)),
            ct
        );
}

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Core.Planning;

/// <summary>How far a generation has come.</summary>
public enum GenerationState
{
    /// <summary>The host as it was before Gatehouse first touched it.</summary>
    Original,

    /// <summary>Being put in place; found at start, it means that an apply was cut off.</summary>
    Swapping,

    /// <summary>Verified and in force, or once in force.</summary>
    Good,

    /// <summary>Failed, and everything was put back.</summary>
    RolledBack,

    /// <summary>The generation in force with the edits that were made by hand, as the next apply found them.</summary>
    Edited,
}

/// <summary>What was at a path before a generation changed it.</summary>
public sealed record PathBefore(string Path, PathState State);

/// <summary>What a unit was before a generation touched it.</summary>
public sealed record UnitBefore(string Unit, UnitState State);

/// <summary>The numbered result of an apply. It names contents by hash and holds none.</summary>
public sealed record Generation
{
    /// <summary>Number, from 1; 0 is the host before Gatehouse.</summary>
    public required int Number { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>How far it has come.</summary>
    public required GenerationState State { get; init; }

    /// <summary>Why: "apply", "rollback to 3", ...</summary>
    public required string Reason { get; init; }

    /// <summary>Who or what asked for it; empty in records of older releases.</summary>
    public string By { get; init; } = "";

    /// <summary>What the node was to have.</summary>
    public required RenderedNode Node { get; init; }

    /// <summary>What was at each changed path before, in the order of the changes.</summary>
    public required ImmutableArray<PathBefore> PathsBefore { get; init; }

    /// <summary>What each touched unit was before.</summary>
    public required ImmutableArray<UnitBefore> UnitsBefore { get; init; }

    /// <summary>The units, and the reactions in words, that it has come to so far; null in records of older releases, which did not
    /// tell.</summary>
    public ImmutableArray<string>? Touched { get; init; }

    /// <summary>The boot of the host in which it began; empty where nothing runs.</summary>
    public string Boot { get; init; } = "";

    /// <summary>The steps in words, for history.</summary>
    public required ImmutableArray<string> Summary { get; init; }

    /// <summary>Whether the generation is or was in force.</summary>
    [JsonIgnore]
    public bool IsGood => State == GenerationState.Good;

    /// <summary>Whether a rollback can go back to it.</summary>
    [JsonIgnore]
    public bool IsTarget => State is GenerationState.Good or GenerationState.Edited or GenerationState.Original;

    /// <summary>The hashes of all contents the record names.</summary>
    [JsonIgnore]
    public IEnumerable<string> Hashes =>
        Node.Entries.Select(e => e.Hash).Concat(PathsBefore.Select(p => p.State.Hash)).Where(h => h.Length > 0);

    /// <summary>The record as JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, GenerationJson.Default.Generation);

    /// <summary>Reads a record.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static Generation FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, GenerationJson.Default.Generation)
            is {
                Node: { Entries.IsDefault: false, Units.IsDefault: false },
                PathsBefore.IsDefault: false,
                UnitsBefore.IsDefault: false,
                Summary.IsDefault: false
            } generation
            ? generation
            : throw new JsonException("the generation record is incomplete");
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, WriteIndented = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(Generation))]
internal sealed partial class GenerationJson : JsonSerializerContext;

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Core.Wizard;

/// <summary>A wizard that was left: what was typed, and where. It holds no secret; those are kept apart, and only if asked for.</summary>
public sealed record Draft
{
    /// <summary>What is being done: the id of a <see cref="WizardTask"/>.</summary>
    public required string Task { get; init; }

    /// <summary>The screen that was open.</summary>
    public string Screen { get; init; } = "";

    /// <summary>The field the cursor was in, <c>screen.key</c>.</summary>
    public string Field { get; init; } = "";

    /// <summary>Screens that were gone through.</summary>
    public ImmutableArray<string> Visited { get; init; } = [];

    /// <summary>Screens asked, when an answer file limits them.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    /// <summary>What was typed, by field path.</summary>
    public ImmutableSortedDictionary<string, string> Texts { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Passwords that stand elsewhere, by field path: <c>file PATH</c>, <c>env NAME</c>, <c>hash TEXT</c>.</summary>
    public ImmutableSortedDictionary<string, string> References { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Whether passwords had been typed.</summary>
    public bool HadSecrets { get; init; }

    /// <summary>The fields that passwords had been typed into, by path.</summary>
    public ImmutableArray<string> SecretFields { get; init; } = [];

    /// <summary>Whether typed passwords are kept as well, in a file of their own.</summary>
    public bool KeepSecrets { get; init; }

    /// <summary>When it was saved.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The terminal it was typed on.</summary>
    public string Terminal { get; init; } = "";

    /// <summary>The draft as JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DraftJson.Default.Draft);

    /// <summary>Reads a draft; null when it is none, for one that is lost is no reason to fail.</summary>
    public static Draft? FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, DraftJson.Default.Draft);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(Draft))]
internal sealed partial class DraftJson : JsonSerializerContext;

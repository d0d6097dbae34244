using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Quarantine;

/// <summary>Where this node's quarantine is and how it is shared; an apply writes it to <see cref="Path"/>. Nothing in it is
/// secret.</summary>
public sealed record QuarantinePlace
{
    /// <summary>Where it is kept.</summary>
    public const string Path = "/etc/gatehouse/quarantine.json";

    /// <summary>The directory of the messages.</summary>
    public required string Directory { get; init; }

    /// <summary>This node's number.</summary>
    public required int Node { get; init; }

    /// <summary>How it is shared: <c>off</c>, <c>built-in</c> or <c>file-system</c>.</summary>
    public required string Sharing { get; init; }

    /// <summary>Days that messages are kept; 0 for ever.</summary>
    public required int Days { get; init; }

    /// <summary>Where the others reach its synchronisation, when that is not the node's own address.</summary>
    public IPAddress? ForwardedAddress { get; init; }

    /// <summary>The port that they reach it at.</summary>
    public int ForwardedPort { get; init; } = SyncPort;

    /// <summary>The port of the synchronisation (Baruwa's).</summary>
    public const int SyncPort = 1027;

    /// <summary>Whether every member finds every message at its own place.</summary>
    [JsonIgnore]
    public bool IsShared => Sharing != "off";

    /// <summary>Reads it; null when it is damaged.</summary>
    public static QuarantinePlace? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, QuarantineWire.Default.QuarantinePlace);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The form of what members tell each other of the quarantine: JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(AddressConverter)]
)]
[JsonSerializable(typeof(QuarantinePlace))]
[JsonSerializable(typeof(QuarantineRequest))]
[JsonSerializable(typeof(QuarantineAnswer))]
[JsonSerializable(typeof(LocalClaim))]
[JsonSerializable(typeof(MessageState))]
public sealed partial class QuarantineWire : JsonSerializerContext;

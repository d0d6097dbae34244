using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Core.Status;

/// <summary>The result of the last verification, and what the postmaster was told. It is kept on the host.</summary>
public sealed record VerifyRecord
{
    /// <summary>Where it is kept.</summary>
    public const string Path = "/var/lib/gatehouse/verify.json";

    /// <summary>When it was.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What failed, as <c>component: verification (detail)</c>; none when all was well.</summary>
    public required ImmutableArray<string> Failures { get; init; }

    /// <summary>Whether the postmaster was told of a failure last, and not yet that all is well again.</summary>
    public bool IsTold { get; init; }

    /// <summary>Since when something was wrong; null when nothing is.</summary>
    public DateTimeOffset? WrongSince { get; init; }

    /// <summary>Whether nothing failed.</summary>
    [JsonIgnore]
    public bool IsHealthy => Failures.IsEmpty;

    /// <summary>The record of a verification after this one; null stands for none before.</summary>
    /// <param name="before">The record before.</param>
    /// <param name="time">When it was.</param>
    /// <param name="failures">What failed.</param>
    public static VerifyRecord After(VerifyRecord? before, DateTimeOffset time, IEnumerable<string> failures)
    {
        ImmutableArray<string> all = [.. failures];
        return new VerifyRecord
        {
            Time = time,
            Failures = all,
            IsTold = before?.IsTold ?? false,
            WrongSince = all.IsEmpty ? null : before?.WrongSince ?? time,
        };
    }

    /// <summary>The newer of a record and the verification that a good apply ends with; an apply whose verification fails is put
    /// back.</summary>
    /// <param name="record">The record; null when there is none.</param>
    /// <param name="applied">The time of the last apply that was verified; null when the last one was not.</param>
    public static VerifyRecord? Newest(VerifyRecord? record, DateTimeOffset? applied) =>
        applied is { } time && (record is null || record.Time < time) ? After(record, time, []) : record;

    /// <summary>What the postmaster has to be told now: once when something becomes wrong, once when all is well again.</summary>
    [JsonIgnore]
    public WatchNews News =>
        (IsHealthy, IsTold) switch
        {
            (false, false) => WatchNews.Wrong,
            (true, true) => WatchNews.Well,
            _ => WatchNews.None,
        };

    /// <summary>The record as JSON.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, VerifyRecordJson.Default.VerifyRecord);

    /// <summary>Reads a record; null when it is none.</summary>
    public static VerifyRecord? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, VerifyRecordJson.Default.VerifyRecord) is { Failures.IsDefault: false } record
                ? record
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What the postmaster is told after a verification.</summary>
public enum WatchNews
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Something is wrong.</summary>
    Wrong,

    /// <summary>All is well again.</summary>
    Well,
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(VerifyRecord))]
internal sealed partial class VerifyRecordJson : JsonSerializerContext;

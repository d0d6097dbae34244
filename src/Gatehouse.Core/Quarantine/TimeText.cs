using System.Globalization;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Quarantine;

/// <summary>A moment as an administrator types it.</summary>
public static class TimeText
{
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mm",
        "yyyy-MM-dd'T'HH:mm:ss",
        "yyyy-MM-dd'T'HH:mm:ss'Z'",
        "yyyy-MM-dd HH:mm",
        "yyyy-MM-dd HH:mm:ss",
    ];

    /// <summary>Reads a moment (UTC), or a span before now such as 12h. Nothing is no moment.</summary>
    /// <param name="text">The text; null for none.</param>
    /// <param name="now">The time.</param>
    /// <param name="time">The moment; null when there is none.</param>
    public static bool TryRead(string? text, DateTimeOffset now, out DateTimeOffset? time)
    {
        time = null;
        if (text is null)
            return true;
        if (DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            time = moment;
        else if (Quantities.TryParseDuration(text, out var span) && span < now - DateTimeOffset.UnixEpoch)
            time = now - span;
        return time is not null;
    }
}

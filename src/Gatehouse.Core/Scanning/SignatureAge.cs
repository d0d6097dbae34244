using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Scanning;

/// <summary>How old ClamAV's signatures are, by what clamd answers to <c>VERSION</c>.</summary>
/// <param name="Number">The number of the daily signatures; null when there are none, so that only the gateway's own test signature is
/// loaded.</param>
/// <param name="Built">When they were built. clamd names no time zone, so this may be some hours off.</param>
public sealed partial record SignatureAge(int? Number, DateTimeOffset? Built)
{
    /// <summary>Reads an answer such as <c>ClamAV 1.4.6/27500/Sun Nov 29 09:31:02 2026</c>; null when it is none of clamd.</summary>
    /// <param name="version">What clamd answered.</param>
    public static SignatureAge? Read(string version)
    {
        if (Answer().Match(version.Trim('\0', '\r', '\n', ' ')) is not { Success: true } match)
            return null;
        if (!int.TryParse(match.Groups["number"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return new SignatureAge(null, null);
        var date = Spaces().Replace(match.Groups["date"].Value, " ");
        return DateTimeOffset.TryParseExact(
            date,
            "ddd MMM d HH:mm:ss yyyy",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var built
        )
            ? new SignatureAge(number, built)
            : new SignatureAge(number, null);
    }

    /// <summary>Whole days since they were built; null when there are none.</summary>
    /// <param name="now">The time.</param>
    public int? Days(DateTimeOffset now) => Built is { } built ? Math.Max(0, (int)(now - built).TotalDays) : null;

    [GeneratedRegex("^ClamAV [^/ ]+(/(?<number>[0-9]+)/(?<date>.+))?$")]
    private static partial Regex Answer();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}

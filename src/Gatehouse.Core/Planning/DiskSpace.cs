using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Planning;

/// <summary>Whether there is room for packages; apt itself looks at the room for their archives alone.</summary>
public static partial class DiskSpace
{
    // Configuration, logs and queues need some as well.
    private const long Spare = 64L << 20;

    /// <summary>The bytes that apt says an installation takes; null when it does not say so, or frees room.</summary>
    public static long? Needed(string output)
    {
        if (Announcement().Match(output) is not { Success: true } match)
            return null;
        var number = decimal.Parse(match.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        return (long)(
            number
            * match.Groups["unit"].Value switch
            {
                "kB" => 1000m,
                "MB" => 1_000_000m,
                "GB" => 1_000_000_000m,
                _ => 1m,
            }
        );
    }

    /// <summary>Why an installation must not begin; null when there is room.</summary>
    /// <param name="needed">The bytes that it takes.</param>
    /// <param name="free">What <c>df --output=avail -B1</c> prints.</param>
    public static string? Refusal(long needed, string free) =>
        long.TryParse(
            free.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim(),
            CultureInfo.InvariantCulture,
            out var available
        )
        && available < needed + Spare
            ? $"the packages need {needed / 1_000_000} MB on the file system of /usr, which has {available / 1_000_000} MB "
                + "free. Free some space ('apt-get clean' may help) and run again."
            : null;

    // apt 2 says "After this operation, 312 MB of additional disk space will be used.", apt 3 "Space needed: 312 MB / 8,123 MB available".
    [GeneratedRegex(@"(?:After this operation, |Space needed: )(?<number>[0-9.,]+) (?<unit>[kMG]?B)(?: of additional| /)")]
    private static partial Regex Announcement();
}

using System.Text.RegularExpressions;

namespace Gatehouse.Core.Logs;

/// <summary>Follows a message through the log by its ids. Each node that takes a message gives it an id of its own, and logs the Message-ID only once.</summary>
public static partial class MessageTrail
{
    /// <summary>What an operator typed as the id he looks for: also as a list of the quarantine, or a header, shows it.</summary>
    public static string Typed(string text)
    {
        var id = text.Trim().Trim('<', '>');
        return id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && id[..slash].All(char.IsAsciiDigit) && !id.Contains('@', StringComparison.Ordinal) ? id[(slash + 1)..] : id;
    }

    /// <summary>The id of Exim that a line is about; null when it is about no message.</summary>
    public static string? IdOf(string text) => EximId().Match(text) is { Success: true } found ? found.Value : null;

    // Of 16 characters up to Exim 4.96, of 23 after it; behind the number of the piece, where Exim had to cut a line up.
    [GeneratedRegex(@"(?<=^(?:\[1[\\/][0-9]+\] )?)(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4})(?= )", RegexOptions.CultureInvariant)]
    private static partial Regex EximId();
}

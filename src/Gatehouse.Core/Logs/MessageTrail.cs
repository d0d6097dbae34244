using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Gatehouse.Core.Logs;

/// <summary>Reads what a line of Exim's log says about a message. Addresses and Message-IDs in it are chosen by strangers; ids that Exim
/// gives are not.</summary>
public static partial class MessageTrail
{
    private const string Id = "(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4})";

    /// <summary>What an operator typed as the id he looks for: also as a list of the quarantine, or a header, shows it.</summary>
    public static string Typed(string text)
    {
        var id = text.Trim().Trim('<', '>');
        return
            id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
            && id[..slash].All(char.IsAsciiDigit)
            && !id.Contains('@', StringComparison.Ordinal)
            ? id[(slash + 1)..]
            : id;
    }

    /// <summary>Whether a text is an id that Exim gives, rather than a Message-ID.</summary>
    public static bool IsEximId(string text) => WholeId().IsMatch(text);

    /// <summary>The id of Exim that a line is about; null when it is about no message.</summary>
    public static string? IdOf(string text) => EximId().Match(text) is { Success: true } found ? found.Value : null;

    /// <summary>
    /// The message that this one was made from, where the line tells the arrival of a bounce or of a release from the quarantine.
    /// Exim writes it directly behind the sender, so a sender or a Message-ID cannot forge it.
    /// </summary>
    public static string? ReferenceOf(string text) => Reference().Match(text) is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>The id that the next server gave the message, as it confirmed it; null when the line tells no delivery.</summary>
    public static string? NextIdOf(string text) => Confirmed().Match(text) is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>The Message-ID in the line that tells the arrival.</summary>
    public static string? MessageIdOf(string text) => MessageId().Match(text) is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>The sender that the line names: of a message that arrived, or of one that was refused. Empty for a bounce; null when it
    /// names none.</summary>
    public static string? SenderOf(string text)
    {
        var found = Arrival().Match(text);
        if (!found.Success)
            found = Refused().Match(text);
        return found.Success
            ? found.Groups[1].Value is "<>"
                ? ""
                : found.Groups[1].Value
            : null;
    }

    /// <summary>The recipients that the line names.</summary>
    public static ImmutableArray<string> RecipientsOf(string text)
    {
        if (RefusedRecipient().Match(text) is { Success: true } refused)
            return [refused.Groups[1].Value];
        if (Delivery().Match(text) is { Success: true } delivery)
            return delivery.Groups[2].Success ? [delivery.Groups[1].Value, delivery.Groups[2].Value] : [delivery.Groups[1].Value];
        if (!Arrival().IsMatch(text))
            return [];
        var list = text.LastIndexOf(" for ", StringComparison.Ordinal);
        return list < 0 ? [] : [.. text[(list + 5)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    // Of 16 characters up to Exim 4.96, of 23 after it; behind the number of the piece, where Exim had to cut a line up.
    [GeneratedRegex(@"(?<=^(?:\[1[\\/][0-9]+\] )?)" + Id + "(?= )", RegexOptions.CultureInvariant)]
    private static partial Regex EximId();

    [GeneratedRegex("^" + Id + @"\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholeId();

    [GeneratedRegex(
        @"^(?:\[1[\\/][0-9]+\] )?" + Id + @" <= (?:<>|[^\s""<]\S*|""(?:[^""\\]|\\.)*""@\S+) R=(" + Id + ") ",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Reference();

    [GeneratedRegex(@"^" + Id + @" [=-]> .* C=""250 .*\bid=(" + Id + @")""", RegexOptions.CultureInvariant)]
    private static partial Regex Confirmed();

    [GeneratedRegex(@"^(?:\[1[\\/][0-9]+\] )?" + Id + @" <= .* id=(\S{3,250})(?: |\z)", RegexOptions.CultureInvariant)]
    private static partial Regex MessageId();

    [GeneratedRegex(@"^(?:\[1[\\/][0-9]+\] )?" + Id + @" <= (<>|[^\s""<]\S*|""(?:[^""\\]|\\.)*""@\S+) ", RegexOptions.CultureInvariant)]
    private static partial Regex Arrival();

    [GeneratedRegex(@" F=<([^>]*)> (?:temporarily )?rejected ", RegexOptions.CultureInvariant)]
    private static partial Regex Refused();

    [GeneratedRegex(@" rejected RCPT <([^>]*)>", RegexOptions.CultureInvariant)]
    private static partial Regex RefusedRecipient();

    [GeneratedRegex(
        @"^" + Id + @" (?:=>|->|>>|\*>|\*\*|==) (""(?:[^""\\]|\\.)*""@\S+|[^\s:]+|:blackhole:)(?: <([^>]*)>)?:? ",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Delivery();
}

using System.Text;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Quarantine;

/// <summary>
/// An address as the envelope of a message has it (RFC 5321, RFC 6531): its local part may be in quotes and in any letters, because only
/// the recipient's mail host gives it a meaning.
/// </summary>
public static class EnvelopeAddress
{
    private const int LongestLocalPart = 64;

    /// <summary>
    /// The address that stands in the file beside a quarantined message. Exim writes local parts there without their quotes, so whatever
    /// needs quotes gets them back; the last '@' is the one before the domain, because a domain holds none.
    /// </summary>
    /// <param name="stored">The line in the file.</param>
    public static string FromStored(string stored)
    {
        var at = stored.LastIndexOf('@');
        return at < 0 || IsDotString(stored.AsSpan(0, at)) ? stored : $"{Quoted(stored[..at])}{stored[at..]}";
    }

    /// <summary>Whether a text that an administrator typed is such an address, and the address with its domain in ASCII.</summary>
    /// <param name="text">The text.</param>
    /// <param name="address">The address.</param>
    public static bool TryParse(string text, out string address)
    {
        address = text;
        var at = text.LastIndexOf('@');
        if (at < 1 || !InternationalNames.TryParse(text[(at + 1)..], out var domain))
            return false;
        var local = text[..at];
        if (Encoding.UTF8.GetByteCount(local) > LongestLocalPart || !(IsDotString(local) || IsQuotedString(local)))
            return false;
        address = $"{local}@{domain}";
        return true;
    }

    private static bool IsDotString(ReadOnlySpan<char> local)
    {
        if (local.IsEmpty || local[0] == '.' || local[^1] == '.' || local.Contains("..", StringComparison.Ordinal))
            return false;
        foreach (var c in local)
            if (!(c == '.' || IsAtomText(c)))
                return false;
        return true;
    }

    private static bool IsAtomText(char c) =>
        char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c, StringComparison.Ordinal) || IsInternational(c);

    private static bool IsQuotedString(string local)
    {
        if (local.Length < 2 || local[0] != '"' || local[^1] != '"')
            return false;
        for (var i = 1; i < local.Length - 1; i++)
        {
            if (local[i] == '\\' && ++i == local.Length - 1)
                return false;
            if (local[i] == '"' && local[i - 1] != '\\')
                return false;
            if (local[i] is not (>= ' ' and <= '~') && !IsInternational(local[i]))
                return false;
        }

        return true;
    }

    // C1 controls are letters of no language; half characters come from text that was no UTF-8.
    private static bool IsInternational(char c) => c > '\u009F' && c != '\uFFFD';

    private static string Quoted(string local)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in local)
        {
            if (c is '"' or '\\')
                quoted.Append('\\');
            quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }
}

using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Core.Values;

/// <summary>Domains that people write in their own letters (U-labels), while lists and DNS have them in ASCII (A-labels, RFC
/// 5890).</summary>
public static class InternationalNames
{
    private static readonly IdnMapping Mapping = new() { UseStd3AsciiRules = true };

    /// <summary>
    /// How clients may write a domain: in small letters, as prescribed, and in capitals, as typed. Exim compares letters beyond ASCII
    /// byte by byte. Empty for a domain whose written form is ASCII.
    /// </summary>
    /// <param name="domain">The domain in ASCII.</param>
    public static ImmutableArray<string> Spellings(string domain)
    {
        if (!domain.Split('.').Any(l => l.StartsWith("xn--", StringComparison.Ordinal)))
            return [];
        try
        {
            var written = Mapping.GetUnicode(domain);
            return System.Text.Ascii.IsValid(written) || written.Any(char.IsControl)
                ? []
                : [.. new[] { written.ToLowerInvariant(), Titled(written), written.ToUpperInvariant() }.Distinct(StringComparer.Ordinal)];
        }
        catch (ArgumentException)
        {
            // No letters belong to this name, so nobody can write it otherwise.
            return [];
        }
    }

    /// <summary>Whether the text is a domain in whatever letters, and its form in ASCII.</summary>
    /// <param name="text">The domain as written.</param>
    /// <param name="domain">The domain in ASCII and lower case.</param>
    public static bool TryParse(string text, out string domain)
    {
        domain = text;
        try
        {
            return Names.TryParse(System.Text.Ascii.IsValid(text) ? text : Mapping.GetAscii(text.ToLowerInvariant()), 1, out domain);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string Titled(string domain) =>
        string.Join('.', domain.Split('.').Select(l => string.Concat(l[..1].ToUpperInvariant(), l[1..])));
}

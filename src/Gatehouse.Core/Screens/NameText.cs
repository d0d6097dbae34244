using Gatehouse.Core.Values;

namespace Gatehouse.Core.Screens;

/// <summary>What to write instead of a name that was refused, completing "is not ...".</summary>
internal static class NameText
{
    /// <summary>For a whole name, a host's or a domain's.</summary>
    public static string Whole(string text, string expected) =>
        text.Any(c => c > 127) ? $"{expected.Split(" such as ")[0]} in ASCII; write an international name in its xn-- form"
        : text.Contains('*', StringComparison.Ordinal) || text.StartsWith('.')
            ? $"{expected}; wildcards are not supported, list every domain"
        : Dotted(text, expected);

    /// <summary>For anything that holds a name: a dot at the end, as DNS zones write it, is the commonest slip. After a single label it is
    /// a name that is still being typed.</summary>
    public static string Dotted(string text, string expected)
    {
        var colon = text.LastIndexOf(':');
        var (name, rest) = colon < 0 ? (text, "") : (text[..colon], text[colon..]);
        return name.EndsWith('.') && Names.TryParse(name[..^1], 2, out var plain)
            ? $"{expected}; leave out the dot at the end: {plain}{rest}"
            : expected;
    }
}

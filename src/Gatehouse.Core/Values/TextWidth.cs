using System.Globalization;
using System.Text;

namespace Gatehouse.Core.Values;

/// <summary>
/// How many columns text takes on a character terminal: two for East Asian wide characters and emoji, none for marks that
/// sit on the character before them, one for everything else, control characters (shown as '?') included. It is the C
/// library's view, code point by code point, because that is what terminals and curses go by.
/// </summary>
public static class TextWidth
{
    // First and last code point of what is two columns wide, in order. Gaps that hold no characters are bridged.
    private static readonly int[] Wide =
    [
        0x1100,
        0x115f,
        0x231a,
        0x231b,
        0x2329,
        0x232a,
        0x23e9,
        0x23ec,
        0x23f0,
        0x23f0,
        0x23f3,
        0x23f3,
        0x25fd,
        0x25fe,
        0x2614,
        0x2615,
        0x2648,
        0x2653,
        0x267f,
        0x267f,
        0x2693,
        0x2693,
        0x26a1,
        0x26a1,
        0x26aa,
        0x26ab,
        0x26bd,
        0x26be,
        0x26c4,
        0x26c5,
        0x26ce,
        0x26ce,
        0x26d4,
        0x26d4,
        0x26ea,
        0x26ea,
        0x26f2,
        0x26f3,
        0x26f5,
        0x26f5,
        0x26fa,
        0x26fa,
        0x26fd,
        0x26fd,
        0x2705,
        0x2705,
        0x270a,
        0x270b,
        0x2728,
        0x2728,
        0x274c,
        0x274c,
        0x274e,
        0x274e,
        0x2753,
        0x2755,
        0x2757,
        0x2757,
        0x2795,
        0x2797,
        0x27b0,
        0x27b0,
        0x27bf,
        0x27bf,
        0x2b1b,
        0x2b1c,
        0x2b50,
        0x2b50,
        0x2b55,
        0x2b55,
        0x2e80,
        0x303e,
        0x3041,
        0xa4c6,
        0xa960,
        0xa97c,
        0xac00,
        0xd7a3,
        0xf900,
        0xfad9,
        0xfe10,
        0xfe19,
        0xfe30,
        0xfe66,
        0xfe68,
        0xfe6b,
        0xff01,
        0xff60,
        0xffe0,
        0xffe6,
        0x16fe0,
        0x18d08,
        0x1aff0,
        0x1b2fb,
        0x1f004,
        0x1f004,
        0x1f0cf,
        0x1f0cf,
        0x1f18e,
        0x1f18e,
        0x1f191,
        0x1f19a,
        0x1f200,
        0x1f320,
        0x1f32d,
        0x1f335,
        0x1f337,
        0x1f37c,
        0x1f37e,
        0x1f393,
        0x1f3a0,
        0x1f3ca,
        0x1f3cf,
        0x1f3d3,
        0x1f3e0,
        0x1f3f0,
        0x1f3f4,
        0x1f3f4,
        0x1f3f8,
        0x1f43e,
        0x1f440,
        0x1f440,
        0x1f442,
        0x1f4fc,
        0x1f4ff,
        0x1f53d,
        0x1f54b,
        0x1f54e,
        0x1f550,
        0x1f567,
        0x1f57a,
        0x1f57a,
        0x1f595,
        0x1f596,
        0x1f5a4,
        0x1f5a4,
        0x1f5fb,
        0x1f64f,
        0x1f680,
        0x1f6c5,
        0x1f6cc,
        0x1f6cc,
        0x1f6d0,
        0x1f6d2,
        0x1f6d5,
        0x1f6df,
        0x1f6eb,
        0x1f6ec,
        0x1f6f4,
        0x1f6fc,
        0x1f7e0,
        0x1f7f0,
        0x1f90c,
        0x1f93a,
        0x1f93c,
        0x1f945,
        0x1f947,
        0x1f9ff,
        0x1fa70,
        0x1faf8,
        0x20000,
        0x3fffd,
    ];

    /// <summary>The columns of a text.</summary>
    public static int Of(string text)
    {
        var columns = 0;
        foreach (var rune in text.EnumerateRunes())
            columns += Of(rune);
        return columns;
    }

    /// <summary>The columns of one code point.</summary>
    public static int Of(Rune rune)
    {
        if (rune.Value is >= 0x20 and < 0x7f || Unshowable(rune))
            return 1;
        return IsMark(rune) ? 0
            : IsWide(rune.Value) ? 2
            : 1;
    }

    /// <summary>The longest beginning of a text that fits into so many columns. No character is parted from its marks.</summary>
    public static string Fit(string text, int columns)
    {
        var length = 0;
        while (length < text.Length)
        {
            var element = text.AsSpan(length, StringInfo.GetNextTextElementLength(text, length));
            foreach (var rune in element.EnumerateRunes())
                columns -= Of(rune);
            if (columns < 0)
                break;
            length += element.Length;
        }

        return text[..length];
    }

    /// <summary>What no terminal is sent: control characters, those that turn the direction of writing, and what is not assigned.</summary>
    public static bool Unshowable(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
        || rune.Value is 0x61c or 0x200e or 0x200f or (>= 0x202a and <= 0x202e) or (>= 0x2066 and <= 0x2069);

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => true,
            // The soft hyphen and the signs that enclose numbers are visible.
            UnicodeCategory.Format => rune.Value
                is not (0xad or (>= 0x600 and <= 0x605) or 0x6dd or 0x70f or 0x890 or 0x891 or 0x8e2 or 0x110bd or 0x110cd),
            // Middle and last parts of Korean syllables.
            _ => rune.Value is (>= 0x1160 and <= 0x11ff) or (>= 0xd7b0 and <= 0xd7fb),
        };

    private static bool IsWide(int value)
    {
        if (value < Wide[0])
            return false;
        var index = Array.BinarySearch(Wide, value);
        // Between a first and its last, the place to insert at is odd.
        return index >= 0 || (~index & 1) == 1;
    }
}

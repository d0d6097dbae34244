using System.Globalization;
using System.Text;

namespace Gatehouse.Core.Trust;

/// <summary>
/// Bytes in 32 characters that can be read aloud: Crockford's alphabet, digits and capitals without I, L, O and U. Reading
/// takes small letters, O for 0, I and L for 1, and passes over blanks and hyphens of any kind.
/// </summary>
public static class Base32
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Writes bytes, most significant bit first; the last character is filled up with zero bits.</summary>
    public static string Write(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 / 5) + 1);
        int held = 0,
            bits = 0;
        foreach (var b in bytes)
        {
            held = (held << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Alphabet[(held >> bits) & 31]);
            }

            held &= (1 << bits) - 1;
        }

        if (bits > 0)
            text.Append(Alphabet[(held << (5 - bits)) & 31]);
        return text.ToString();
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Refuses other characters, a length that no bytes have, and filling bits that are not
    /// zero.</summary>
    public static bool TryRead(string text, out byte[] bytes)
    {
        bytes = [];
        var read = new List<byte>(text.Length * 5 / 8);
        int held = 0,
            bits = 0;
        foreach (var c in text)
        {
            if (IsSeparator(c))
                continue;
            if (Value(c) is var value && value < 0)
                return false;
            held = (held << 5) | value;
            bits += 5;
            if (bits < 8)
                continue;
            bits -= 8;
            read.Add((byte)(held >> bits));
            held &= (1 << bits) - 1;
        }

        if (bits >= 5 || held != 0)
            return false;
        bytes = [.. read];
        return true;
    }

    /// <summary>The character of a value from 0 to 31.</summary>
    internal static char Digit(int value) => Alphabet[value];

    /// <summary>What a character stands for, 0 to 31; -1 when it stands for nothing.</summary>
    internal static int Value(char c) =>
        char.ToUpperInvariant(c) switch
        {
            // Letters beyond ASCII whose capital is plain are not meant.
            _ when !char.IsAscii(c) => -1,
            'O' => 0,
            'I' or 'L' => 1,
            var capital => Alphabet.IndexOf(capital, StringComparison.Ordinal),
        };

    /// <summary>Whether a character only separates: blanks, and hyphens and dashes, because word processors make those of
    /// hyphens.</summary>
    internal static bool IsSeparator(char c) => char.IsWhiteSpace(c) || char.GetUnicodeCategory(c) == UnicodeCategory.DashPunctuation;

    /// <summary>A short id: the first 30 bits of the bytes in 6 characters.</summary>
    internal static string Id(ReadOnlySpan<byte> bytes) => Write(bytes[..4])[..6];

    /// <summary>The 30 bits of a short id as a number.</summary>
    internal static int Number(string id) => id.Aggregate(0, (n, c) => (n << 5) | Alphabet.IndexOf(c, StringComparison.Ordinal));

    /// <summary>Whether the text is a short id as <see cref="Id"/> writes it.</summary>
    internal static bool IsId(string text) => text.Length == 6 && text.All(c => Alphabet.Contains(c, StringComparison.Ordinal));
}

using System.Text;

namespace Gatehouse.Core.Quarantine;

/// <summary>
/// Who a peer is to Syncthing: the SHA-256 of its certificate, in base 32 (RFC 4648) with a check character behind every 13,
/// written in groups of 7.
/// </summary>
public static class SyncDevice
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const int Block = 13;
    private const int Group = 7;

    /// <summary>The device id of a certificate.</summary>
    /// <param name="fingerprint">SHA-256 of the certificate's DER form, 64 hexadecimal digits.</param>
    /// <exception cref="FormatException">It is no such fingerprint.</exception>
    public static string Id(string fingerprint)
    {
        var hash = Convert.FromHexString(fingerprint);
        if (hash.Length != 32)
            throw new FormatException("a fingerprint has 64 hexadecimal digits");
        var plain = Encode(hash);
        var checkedText = string.Concat(plain.Chunk(Block).Select(c => new string(c) + Check(c)));
        return string.Join('-', checkedText.Chunk(Group).Select(c => new string(c)));
    }

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        int held = 0,
            bits = 0;
        foreach (var b in bytes)
        {
            held = ((held & 0xFF) << 8) | b;
            bits += 8;
            for (; bits >= 5; bits -= 5)
                text.Append(Alphabet[(held >> (bits - 5)) & 31]);
        }

        if (bits > 0)
            text.Append(Alphabet[(held << (5 - bits)) & 31]);
        return text.ToString();
    }

    // Luhn's sum in base 32; unlike the usual one it begins at the left, as Syncthing has it.
    private static char Check(ReadOnlySpan<char> block)
    {
        var sum = 0;
        for (var i = 0; i < block.Length; i++)
        {
            var addend = Alphabet.IndexOf(block[i], StringComparison.Ordinal) * (i % 2 == 0 ? 1 : 2);
            sum += (addend / 32) + (addend % 32);
        }

        return Alphabet[(32 - (sum % 32)) % 32];
    }
}

using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>The serial number of a certificate (RFC 5280 section 4.1.2.2), by which it is revoked.</summary>
/// <param name="Hex">Hexadecimal digits, capitals, two a byte, no needless zero bytes in front.</param>
public sealed record SerialNumber(string Hex)
{
    /// <summary>How many random bytes <see cref="Make"/> takes.</summary>
    public const int RandomBytes = 16;

    /// <summary>A number of <see cref="RandomBytes"/> random bytes. The first two bits are set, so that all are positive and of one
    /// length.</summary>
    public static SerialNumber Make(ReadOnlySpan<byte> random)
    {
        if (random.Length != RandomBytes)
            throw new ArgumentException($"a serial number is made of {RandomBytes} random bytes", nameof(random));
        var bytes = random.ToArray();
        bytes[0] = (byte)((bytes[0] & 0x3F) | 0x40);
        return Of(bytes);
    }

    /// <summary>The number of a certificate.</summary>
    public static SerialNumber Of(X509Certificate2 certificate) => Of(certificate.SerialNumberBytes.Span);

    /// <summary>The digits.</summary>
    public override string ToString() => Hex;

    /// <summary>From big-endian bytes.</summary>
    internal static SerialNumber Of(ReadOnlySpan<byte> bytes)
    {
        var number = bytes.TrimStart((byte)0);
        return new(Convert.ToHexString(number.IsEmpty ? [0] : number));
    }

    /// <summary>Big-endian bytes.</summary>
    internal byte[] Bytes() => Convert.FromHexString(Hex);
}

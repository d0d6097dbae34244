using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;

namespace Gatehouse.Core.Values;

/// <summary>IPv4 netmasks in their old form, such as 255.255.255.0.</summary>
internal static class Netmask
{
    /// <summary>The number of bits that a netmask covers; null when the text is no netmask.</summary>
    public static int? Bits(string text)
    {
        if (!Addresses.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetwork)
            return null;
        var mask = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        // A mask is ones, then zeros.
        return mask == 0 || (~mask & (~mask + 1)) == 0 ? BitOperations.PopCount(mask) : null;
    }
}

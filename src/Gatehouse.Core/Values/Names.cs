using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Core.Values;

/// <summary>
/// Host and domain names as RFC 1123 section 2.1 and RFC 5890 (A-labels) allow them: letters, digits and hyphens in labels
/// of 1 to 63 characters, 253 in all. Kept in lower case.
/// </summary>
public static class Names
{
    /// <summary>Whether the text is a name of at least <paramref name="labels"/> labels, and which, in lower case.</summary>
    /// <param name="text">The text as written.</param>
    /// <param name="labels">2 for a fully qualified name.</param>
    /// <param name="name">The name in lower case.</param>
    public static bool TryParse(string text, int labels, out string name)
    {
        name = text.ToLowerInvariant();
        // Letters beyond ASCII are refused as written: the Kelvin sign, for one, has a plain 'k' as its lower case.
        if (!System.Text.Ascii.IsValid(text))
            return false;
        var parts = name.Split('.');
        return name.Length <= 253 && parts.Length >= labels && Array.TrueForAll(parts, IsLabel) && !parts[^1].All(char.IsAsciiDigit);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63
        && label[0] != '-'
        && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}

/// <summary>Addresses of both families, one spelling each.</summary>
public static class Addresses
{
    /// <summary>
    /// Reads an IPv4 address in four decimal parts or an IPv6 address. Refuses what has two spellings or a hidden meaning:
    /// short IPv4 forms, leading zeros (octal to some programs), zone indices, and IPv4 addresses mapped into IPv6.
    /// </summary>
    public static bool TryParse(string text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal))
            return false;
        if (!IPAddress.TryParse(text, out var parsed))
            return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text)
            return false;
        if (parsed.IsIPv4MappedToIPv6)
            return false;
        address = parsed;
        return true;
    }

    /// <summary>Reads <c>address/bits</c>; a single address is the network of that one address.</summary>
    public static bool TryParseNetwork(string text, out IPNetwork network, out string problem)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        problem = "is not a network; write address/bits, for example 192.0.2.0/24 or 2001:db8::/32";
        if (!TryParse(slash < 0 ? text : text[..slash], out var address))
            return false;
        if (slash >= 0 && Netmask.Bits(text[(slash + 1)..]) is { } mask && address.AddressFamily == AddressFamily.InterNetwork)
        {
            problem = $"has a netmask; write the number of its bits: {Mask(address, mask)}/{mask}";
            return false;
        }

        var width = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var bits = width;
        if (
            slash >= 0
            && !(
                text.Length - slash <= 4
                && int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out bits)
                && bits <= width
            )
        )
            return false;
        var basis = Mask(address, bits);
        if (!basis.Equals(address))
        {
            problem = $"has bits set beyond /{bits}; did you mean {basis}/{bits}?";
            return false;
        }

        network = new IPNetwork(address, bits);
        return true;
    }

    /// <summary>Whether one of the two networks holds the other.</summary>
    public static bool Overlap(IPNetwork a, IPNetwork b) =>
        a.BaseAddress.AddressFamily == b.BaseAddress.AddressFamily && (a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress));

    /// <summary>The address with all bits beyond the given number cleared.</summary>
    public static IPAddress Mask(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(bits - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - keep));
        }

        return new IPAddress(bytes);
    }
}

/// <summary>A host (name or address) with a port.</summary>
/// <param name="Host">Name in lower case, or address without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public sealed record HostPort(string Host, int Port)
{
    /// <summary>Whether the host is an address rather than a name.</summary>
    public bool IsAddress => IPAddress.TryParse(Host, out _);

    /// <summary>Whether the host is an IPv6 address.</summary>
    public bool IsIPv6 => Host.Contains(':', StringComparison.Ordinal);

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[v6]:port</c> or a bare IPv6 address.</summary>
    public static bool TryParse(string text, int defaultPort, out HostPort result)
    {
        result = new HostPort("", 0);
        var (host, port) = Split(text);
        var number = defaultPort;
        if (
            port is not null
            && !(int.TryParse(port, System.Globalization.NumberStyles.None, null, out number) && number is >= 1 and <= 65535)
        )
            return false;
        if (Addresses.TryParse(host, out var address))
            host = address.ToString();
        else if (text.StartsWith('[') || !Names.TryParse(host, 1, out host))
            return false;
        result = new HostPort(host, number);
        return true;
    }

    /// <summary><c>host:port</c>, IPv6 in brackets.</summary>
    public override string ToString() => IsIPv6 ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
                return ("", null);
            var rest = text[(end + 1)..];
            return rest.Length == 0 ? (text[1..end], null)
                : rest[0] == ':' ? (text[1..end], rest[1..])
                : ("", null);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon != text.LastIndexOf(':') ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }
}

/// <summary>An e-mail address of the plain kind that system mail goes to (RFC 5321 dot-string local part).</summary>
public static class MailAddresses
{
    /// <summary>Whether the text is such an address; the domain is returned in lower case.</summary>
    public static bool TryParse(string text, out string address)
    {
        address = text;
        var at = text.LastIndexOf('@');
        if (at is < 1 or > 64 || !Names.TryParse(text[(at + 1)..], 1, out var domain))
            return false;
        var local = text[..at];
        if (local.StartsWith('.') || local.EndsWith('.') || local.Contains("..", StringComparison.Ordinal))
            return false;
        if (!local.All(c => char.IsAsciiLetterOrDigit(c) || "._+-=".Contains(c, StringComparison.Ordinal)))
            return false;
        address = $"{local}@{domain}";
        return true;
    }
}

/// <summary>Sizes and durations with their units.</summary>
public static class Quantities
{
    // A hundred years: longer is a slip of the finger.
    private const long MostDays = 36_525;

    /// <summary>Reads <c>25M</c>, <c>512K</c>, <c>1G</c> or plain bytes; K is 1024.</summary>
    public static bool TryParseSize(string text, out long bytes)
    {
        bytes = 0;
        var trimmed = text.TrimEnd('B', 'b');
        trimmed = trimmed.EndsWith('i') ? trimmed[..^1] : trimmed;
        if (trimmed.Length == 0)
            return false;
        var factor = char.ToUpperInvariant(trimmed[^1]) switch
        {
            'K' => 1L << 10,
            'M' => 1L << 20,
            'G' => 1L << 30,
            'T' => 1L << 40,
            _ => 1L,
        };
        var digits = factor == 1 ? trimmed : trimmed[..^1].TrimEnd();
        if (digits.Length > 12 || !long.TryParse(digits, System.Globalization.NumberStyles.None, null, out var number))
            return false;
        if (number > (1L << 50) / factor)
            return false;
        bytes = number * factor;
        return true;
    }

    /// <summary>Reads <c>90s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length is < 2 or > 10)
            return false;
        var unit = text[^1] switch
        {
            's' => 1L,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => 0,
        };
        if (unit == 0 || !long.TryParse(text[..^1], System.Globalization.NumberStyles.None, null, out var number))
            return false;
        if (number > MostDays * 86400 / unit)
            return false;
        duration = TimeSpan.FromSeconds(number * unit);
        return true;
    }
}

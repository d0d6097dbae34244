using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>
/// What certificates say about their place in a cluster, as names of the form <c>urn:gatehouse:CLUSTERID:DUTY:NUMBER</c>
/// among the alternative names (RFC 5280 section 4.2.1.6).
/// </summary>
/// <param name="ClusterId">32 hexadecimal digits.</param>
/// <param name="Duty"><c>node</c>, <c>issuer</c> or <c>ca</c>.</param>
/// <param name="Number">Node number, epoch, or the CA's level: 0 the root, 1 issuing.</param>
internal sealed record ClusterUrn(string ClusterId, string Duty, long Number)
{
    public const string Node = "node";
    public const string Issuer = "issuer";
    public const string Authority = "ca";
    private const string Prefix = "urn:gatehouse:";

    /// <summary>Whether the text is a cluster's id.</summary>
    public static bool IsClusterId(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Reads one; false for any other name.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out ClusterUrn? urn)
    {
        urn = null;
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var parts = text[Prefix.Length..].Split(':');
        if (parts.Length != 3 || !IsClusterId(parts[0]) || parts[1] is not (Node or Issuer or Authority))
            return false;
        if (
            !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number.ToString(CultureInfo.InvariantCulture) != parts[2]
        )
            return false;
        urn = new(parts[0], parts[1], number);
        return true;
    }

    /// <summary>As written in a certificate.</summary>
    public override string ToString() => $"{Prefix}{ClusterId}:{Duty}:{Number}";
}

/// <summary>The alternative names of a certificate, in their order.</summary>
/// <param name="Dns">Host names.</param>
/// <param name="Addresses">Addresses.</param>
/// <param name="Urns">What it says about its cluster.</param>
internal sealed record AlternativeNames(IReadOnlyList<string> Dns, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<ClusterUrn> Urns)
{
    /// <summary>Reads them; none when the certificate has none or they are broken.</summary>
    public static AlternativeNames Of(X509Certificate2 certificate)
    {
        var dns = new List<string>();
        var addresses = new List<IPAddress>();
        var urns = new List<ClusterUrn>();
        var found = certificate.Extensions.Where(e => e.Oid?.Value == "2.5.29.17").ToArray();
        try
        {
            // One extension of a kind is the rule (RFC 5280 section 4.2); with two, who knows which one others go by.
            if (found.Length == 1)
                Read(found[0].RawData, dns, addresses, urns);
        }
        catch (AsnContentException)
        {
            return new([], [], []);
        }

        return new(dns, addresses, urns);
    }

    private static void Read(byte[] extension, List<string> dns, List<IPAddress> addresses, List<ClusterUrn> urns)
    {
        var names = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            if (tag == new Asn1Tag(TagClass.ContextSpecific, 2))
                dns.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
            else if (tag == new Asn1Tag(TagClass.ContextSpecific, 6))
            {
                if (ClusterUrn.TryRead(names.ReadCharacterString(UniversalTagNumber.IA5String, tag), out var urn))
                    urns.Add(urn);
            }
            else if (tag == new Asn1Tag(TagClass.ContextSpecific, 7))
            {
                if (names.ReadOctetString(tag) is { Length: 4 or 16 } bytes)
                    addresses.Add(new IPAddress(bytes));
            }
            else
                names.ReadEncodedValue();
        }
    }
}

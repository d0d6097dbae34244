using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>Subject names with a common name and an organisation, which is all that is used here.</summary>
internal static class SubjectName
{
    private const string CommonName = "2.5.4.3";
    private const string Organisation = "2.5.4.10";

    /// <summary>The upper bound of both parts (RFC 5280 appendix A.1).</summary>
    public const int Longest = 64;

    /// <summary>Makes a name.</summary>
    public static X500DistinguishedName Make(string common, string organisation)
    {
        var builder = new X500DistinguishedNameBuilder();
        // The builder encodes from the last to the first; the encoded name goes from the whole to the part.
        builder.AddCommonName(common);
        builder.AddOrganizationName(organisation);
        return builder.Build();
    }

    /// <summary>The two parts; empty what is not there exactly once.</summary>
    public static (string Common, string Organisation) Of(X500DistinguishedName name)
    {
        var parts = name.EnumerateRelativeDistinguishedNames()
            .Where(n => !n.HasMultipleElements)
            .Select(n => (Oid: n.GetSingleElementType().Value, Value: n.GetSingleElementValue() ?? ""))
            .ToArray();
        return (Single(CommonName), Single(Organisation));

        string Single(string oid) => parts.Where(p => p.Oid == oid).Select(p => p.Value).ToArray() is [var one] ? one : "";
    }
}

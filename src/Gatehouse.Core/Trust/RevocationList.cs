using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Core.Trust;

/// <summary>A certificate that is not to be trusted any more.</summary>
/// <param name="Serial">Its serial number.</param>
/// <param name="Revoked">Since when.</param>
public sealed record RevokedCertificate(SerialNumber Serial, DateTimeOffset Revoked);

/// <summary>The revocation list of one CA (RFC 5280 section 5).</summary>
public sealed class RevocationList
{
    private const string Label = "X509 CRL";
    private const string NumberOid = "2.5.29.20";
    private readonly byte[] der;
    private readonly byte[] signed;
    private readonly byte[] signature;
    private readonly byte[] issuer;
    private readonly ImmutableHashSet<SerialNumber> serials;

    private RevocationList(byte[] der)
    {
        this.der = der;
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var list = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        signed = list.PeekEncodedValue().ToArray();
        var content = list.ReadSequence();
        signature = P256.ReadSignature(list) ?? throw new AsnContentException("not signed with ECDSA and SHA-256");

        if (content.ReadInteger() != 1)
            throw new AsnContentException("not a list of version 2");
        content.ReadSequence();
        issuer = content.ReadEncodedValue().ToArray();
        ThisUpdate = ReadTime(content);
        NextUpdate = ReadTime(content);
        Revoked = content.HasData && content.PeekTag() == Asn1Tag.Sequence ? ReadRevoked(content.ReadSequence()) : [];
        serials = [.. Revoked.Select(r => r.Serial)];
        Number = ReadNumber(content.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence());
        content.ThrowIfNotEmpty();
    }

    /// <summary>The name of the CA.</summary>
    public X500DistinguishedName Issuer => new(issuer);

    /// <summary>Grows with every list of the CA.</summary>
    public long Number { get; }

    /// <summary>Valid from.</summary>
    public DateTimeOffset ThisUpdate { get; }

    /// <summary>Valid until.</summary>
    public DateTimeOffset NextUpdate { get; }

    /// <summary>What is revoked.</summary>
    public ImmutableArray<RevokedCertificate> Revoked { get; }

    /// <summary>As PEM, with a line feed at its end.</summary>
    public string Pem => PemEncoding.WriteString(Label, der) + "\n";

    /// <summary>Reads all lists of a text; whatever else is in it is passed over.</summary>
    /// <param name="pem">PEM.</param>
    /// <param name="lists">The lists; none when there is a problem.</param>
    /// <param name="problem">What is wrong and what to do, to follow the name of the file.</param>
    public static bool TryReadAll(string pem, out ImmutableArray<RevocationList> lists, out string problem)
    {
        lists = [];
        problem = "";
        var read = ImmutableArray.CreateBuilder<RevocationList>();
        var rest = pem.AsSpan();
        try
        {
            while (PemEncoding.TryFind(rest, out var fields))
            {
                if (rest[fields.Label].SequenceEqual(Label))
                    read.Add(Read(Convert.FromBase64String(rest[fields.Base64Data].ToString())));
                rest = rest[fields.Location.End..];
            }
        }
        catch (TrustException e)
        {
            problem = $"holds a revocation list that cannot be read: {e.Message}";
            return false;
        }

        // What begins and was not found has no proper end.
        if (read.Count != Count(pem))
            problem = "holds a revocation list that is cut off; fetch it again from the cluster";
        lists = problem.Length == 0 ? read.ToImmutable() : [];
        return problem.Length == 0;
    }

    /// <summary>Reads one list, DER.</summary>
    /// <exception cref="TrustException">It is none that is understood here.</exception>
    public static RevocationList Read(ReadOnlySpan<byte> der)
    {
        try
        {
            return new(der.ToArray());
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or OverflowException or ArgumentException)
        {
            throw new TrustException("it is damaged, or not of a cluster's CA; fetch it again from the cluster.", e);
        }
    }

    /// <summary>Whether the certificate of this number is revoked.</summary>
    public bool Contains(SerialNumber serial) => serials.Contains(serial);

    /// <summary>Whether it names this CA as its issuer; see <see cref="IsSignedBy"/> for whether that is true.</summary>
    public bool IsOf(X509Certificate2 authority) => issuer.AsSpan().SequenceEqual(authority.SubjectName.RawData);

    /// <summary>Whether this CA made it.</summary>
    public bool IsSignedBy(X509Certificate2 authority) => IsOf(authority) && P256.Verifies(authority.PublicKey, signed, signature);

    /// <summary>CA, number, size.</summary>
    public override string ToString() => $"revocation list {Number} of {SubjectName.Of(Issuer).Common}: {Revoked.Length} revoked";

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime(2049) : reader.ReadGeneralizedTime();

    private static ImmutableArray<RevokedCertificate> ReadRevoked(AsnReader entries)
    {
        var revoked = ImmutableArray.CreateBuilder<RevokedCertificate>();
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            revoked.Add(new(SerialNumber.Of(entry.ReadIntegerBytes().Span), ReadTime(entry)));
        }

        return revoked.ToImmutable();
    }

    private static long ReadNumber(AsnReader extensions)
    {
        long? number = null;
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            // A critical extension changes what the list means (RFC 5280 section 5.2); none is made here.
            if (extension.PeekTag() == Asn1Tag.Boolean && extension.ReadBoolean())
                throw new AsnContentException("a critical extension");
            var value = extension.ReadOctetString();
            if (oid == NumberOid)
                number = (long)new AsnReader(value, AsnEncodingRules.DER).ReadInteger();
        }

        return number ?? throw new AsnContentException("no number");
    }

    private static int Count(string pem)
    {
        var count = 0;
        for (
            var i = pem.IndexOf($"-----BEGIN {Label}", StringComparison.Ordinal);
            i >= 0;
            i = pem.IndexOf($"-----BEGIN {Label}", i + 1, StringComparison.Ordinal)
        )
            count++;
        return count;
    }
}

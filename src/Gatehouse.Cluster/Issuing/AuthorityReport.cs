using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Core.Trust;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Issuing;

/// <summary>A certificate authority of the cluster as an administrator looks at it.</summary>
/// <param name="Kind">Root or issuing.</param>
/// <param name="State">How far it is in its life.</param>
/// <param name="Name">Its subject.</param>
/// <param name="Fingerprint">SHA-256 of its certificate.</param>
/// <param name="Pin">What join codes know of its key.</param>
/// <param name="Ends">When it ends.</param>
/// <param name="List">The number of its revocation list; null when there is none.</param>
/// <param name="Revoked">How many certificates that list names.</param>
internal sealed record AuthorityReport(
    AuthorityKind Kind,
    AuthorityState State,
    string Name,
    string Fingerprint,
    Pin Pin,
    DateTimeOffset Ends,
    long? List,
    int Revoked
)
{
    /// <summary>Everything about the authorities, roots first.</summary>
    public static ImmutableArray<AuthorityReport> Of(
        IEnumerable<Authority> authorities,
        IReadOnlyCollection<Registry.RevocationList> lists
    ) => [.. authorities.OrderBy(a => a.Kind).Select(a => Of(a, lists.FirstOrDefault(l => l.Authority == a.Fingerprint)))];

    /// <summary>As text.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{Kind} CA, {(State == AuthorityState.Next ? "trusted" : State.ToString().ToLowerInvariant())}: {Name}"
        );
        text.AppendLine(CultureInfo.InvariantCulture, $"  SHA-256  {Fingerprint}");
        if (Kind == AuthorityKind.Root)
            text.AppendLine(CultureInfo.InvariantCulture, $"  pin      {Pin}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  until    {Ends.ToLocalTime():yyyy-MM-dd HH:mm}");
        text.AppendLine(
            List is { } number
                ? string.Create(CultureInfo.InvariantCulture, $"  list     number {number}, {Revoked} revoked")
                : "  list     none"
        );
        return text.ToString();
    }

    /// <summary>As JSON.</summary>
    public JsonObject AsJson() =>
        new()
        {
            ["kind"] = Kind.ToString().ToLowerInvariant(),
            ["state"] = State.ToString().ToLowerInvariant(),
            ["name"] = Name,
            ["sha256"] = Fingerprint,
            ["pin"] = Pin.Hex,
            ["ends"] = Ends.ToString("O"),
            ["list"] = List,
            ["revoked"] = Revoked,
        };

    private static AuthorityReport Of(Authority authority, Registry.RevocationList? list)
    {
        using var certificate = X509Certificate2.CreateFromPem(authority.Pem);
        var revoked =
            list is not null && Core.Trust.RevocationList.TryReadAll(list.Pem, out var read, out _) ? read.Sum(l => l.Revoked.Length) : 0;
        return new AuthorityReport(
            authority.Kind,
            authority.State,
            certificate.Subject,
            authority.Fingerprint,
            Pin.Of(certificate),
            certificate.NotAfter.ToUniversalTime(),
            list?.Number,
            revoked
        );
    }
}

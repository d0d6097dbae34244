using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Agent;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Cluster.Joining;

/// <summary>
/// Everything that a host needs to join, in one file that can be carried to it: where the members are, the cluster's CA and
/// a join code. The file is text, its last line a checksum of all lines before; that finds damage, not forgery. Against
/// forgery stands the code, which names the CA by its key, and which comes from whoever made the file.
/// </summary>
internal sealed record JoinBundle
{
    /// <summary>The longest bundle that is read, in bytes.</summary>
    public const int MostBytes = 64 << 10;

    private const string Head = "gatehouse-bundle ";
    private const string Version = "1";
    private const string Sum = "sha256: ";
    private const string CertificateHead = "-----BEGIN CERTIFICATE-----";

    /// <summary>The release that wrote it.</summary>
    public required string Release { get; init; }

    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>The node name that the code is for.</summary>
    public required string Name { get; init; }

    /// <summary>The profile that the code is for.</summary>
    public required string Profile { get; init; }

    /// <summary>Until when the code is good.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Where members are reached, in the order they are tried.</summary>
    public required ImmutableArray<HostPort> Members { get; init; }

    /// <summary>The join code.</summary>
    public required JoinCode Code { get; init; }

    /// <summary>The certificate of the cluster's root CA, PEM; it has the key that the code names.</summary>
    public required string Root { get; init; }

    /// <summary>The file's text.</summary>
    public Secret Write()
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Head}{Version}\n# Secret: it lets {Name} join the cluster {Cluster}, once. On that host: gatehouse join --bundle FILE\n"
        );
        text.Append(
            CultureInfo.InvariantCulture,
            $"release: {Release}\ncluster: {Cluster}\nname: {Name}\nprofile: {Profile}\nexpires: "
                + $"{Expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\n"
        );
        foreach (var member in Members)
            text.Append(CultureInfo.InvariantCulture, $"member: {member}\n");
        text.Append(CultureInfo.InvariantCulture, $"code: {Code.Text.Reveal()}\n{Root.Trim()}\n");
        return new Secret($"{text}{Sum}{SumOf(text.ToString())}\n");
    }

    /// <summary>Reads a bundle.</summary>
    /// <param name="bytes">The file's content.</param>
    /// <param name="release">The release that reads it.</param>
    /// <param name="bundle">The bundle; null when there is a problem.</param>
    /// <param name="problem">What is wrong with it and what to do; quotes nothing secret.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, string release, [NotNullWhen(true)] out JoinBundle? bundle, out string problem)
    {
        bundle = null;
        const string again =
            "Carry it over again, or make a new one with 'gatehouse invite NAME --profile PROFILE --replace --bundle FILE'.";
        // Some editors and file systems change the ends of lines; that is no damage.
        var text = bytes.Length > MostBytes ? "" : Encoding.UTF8.GetString(bytes).Replace("\r\n", "\n", StringComparison.Ordinal);
        if (!text.StartsWith(Head, StringComparison.Ordinal))
        {
            problem = "it is no bundle. 'gatehouse invite NAME --profile PROFILE --bundle FILE' on a member makes one.";
            return false;
        }

        if (text[Head.Length..].Split('\n', 2)[0] is var version && version != Version)
        {
            problem =
                $"it is a bundle of another kind ({Plain(version)}) than this release {release} reads ({Version}); install the release "
                + $"that the cluster runs.";
            return false;
        }

        var end = text.TrimEnd('\n').LastIndexOf('\n') + 1;
        if (!text[end..].StartsWith(Sum, StringComparison.Ordinal) || text[(end + Sum.Length)..].TrimEnd('\n') != SumOf(text[..end]))
        {
            problem = $"it was changed or cut off since it was made: its checksum does not fit. {again}";
            return false;
        }

        var lines = Lines(text[..end]);
        var written = lines["release"].FirstOrDefault("");
        if (Line(written) != Line(release))
        {
            problem = $"it was made by release {Plain(written)}, and this host has {release}; install {Plain(written)} here.";
            return false;
        }

        bundle = Read(lines, text[..end], out problem);
        if (bundle is null)
            problem = $"{problem} {again}";
        return bundle is not null;
    }

    /// <summary>What it is for, without its secret.</summary>
    public override string ToString() => $"bundle for {Name}";

    private static JoinBundle? Read(ILookup<string, string> lines, string text, out string problem)
    {
        if (!JoinCode.TryRead(lines["code"].FirstOrDefault(""), out var code, out problem))
        {
            problem = $"its join code will not do: {problem}.";
            return null;
        }

        if (RootIn(text) is not { } root)
        {
            problem = "it holds no certificate of a CA that can be read.";
            return null;
        }

        using (root)
        {
            if (!code.Pin.Matches(root))
            {
                problem =
                    $"its CA is not the one that its code asks for: the code names the key {code.Pin}, and the CA has {Pin.Of(root)}. "
                    + $"Nothing was sent to anybody; find out who changed the file.";
                return null;
            }

            var members = lines["member"].Select(m => HostPort.TryParse(m, MemberTls.Port, out var member) ? member : null).ToArray();
            if (
                members.Length == 0
                || members.Contains(null)
                || !Names.TryParse(lines["name"].FirstOrDefault(""), 2, out var name)
                || !DateTimeOffset.TryParse(
                    lines["expires"].FirstOrDefault(""),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var expires
                )
            )
            {
                problem = "a line of it is missing or cannot be read.";
                return null;
            }

            return new JoinBundle
            {
                Release = lines["release"].First(),
                Cluster = Plain(lines["cluster"].FirstOrDefault("")),
                Name = name,
                Profile = Plain(lines["profile"].FirstOrDefault("")),
                Expires = expires,
                Members = [.. members!],
                Code = code,
                Root = root.ExportCertificatePem() + "\n",
            };
        }
    }

    private static X509Certificate2? RootIn(string text)
    {
        try
        {
            return text.IndexOf(CertificateHead, StringComparison.Ordinal) is > 0 and var at
                ? X509Certificate2.CreateFromPem(text.AsSpan(at))
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // The lines KEY: VALUE in front of the certificate; what a later release adds is passed over.
    private static ILookup<string, string> Lines(string text) =>
        text.Split(CertificateHead)[0]
            .Split('\n')
            .Skip(1)
            .Select(l => l.Split(": ", 2))
            .Where(l => l.Length == 2 && !l[0].StartsWith('#'))
            .ToLookup(l => l[0], l => l[1].Trim(), StringComparer.Ordinal);

    private static string Line(string release) => string.Join('.', release.Split('.').Take(2));

    private static string SumOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Plain(string text) => new([.. text.Where(c => !char.IsControl(c)).Take(60)]);
}

using System.Collections.Immutable;
using System.Net;
using System.Text;
using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Trust;
using Gatehouse.Core.Values;

namespace Gatehouse.Tests.Support;

/// <summary>Fixed facts, keys and answers: what a run takes from outside, held still.</summary>
internal static class Samples
{
    public static ScreenSet Screens { get; } = Shipped.Screens();

    public static TemplateSet Templates { get; } = Shipped.Templates("/nonexistent");

    /// <summary>Ready to use by any test: rendering keeps no state but compiled templates.</summary>
    public static Renderer Renderer { get; } = new(Templates);

    public static DateTimeOffset Now { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A machine that answers no question by itself.</summary>
    public static Facts Facts { get; } =
        new()
        {
            Now = Now,
            Debian = "12",
            MemoryBytes = 4L << 30,
            Processors = 2,
            Resolvers = [],
        };

    public const string Minimal = """
        version: 1
        system:
          name: mx1.example.org
          address: 192.0.2.10
          resolvers: [192.0.2.53]
          admin_networks: [192.0.2.0/24]
        mta:
          postmaster: postmaster@example.com

        """;

    public static GatewaySettings Settings(string yaml, Inputs? inputs = null) =>
        Resolve(yaml, inputs, out var report) ?? throw new InvalidOperationException(string.Join('\n', report));

    public static GatewaySettings? Resolve(string yaml, Inputs? inputs, out Report report)
    {
        report = new Report();
        var answers = AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes(yaml), Screens, report);
        return Resolver.Resolve(Screens, answers, inputs ?? Inputs.Of(Facts), report);
    }

    public static RenderedNode Render(string yaml, Inputs? inputs = null)
    {
        var settings = Settings(yaml, inputs);
        return Renderer.Render(settings, Material(settings), yaml);
    }

    /// <summary>The material a machine would make for these settings, with fixed values.</summary>
    public static Material Material(GatewaySettings settings)
    {
        var (mta, web) = (settings.Mta, settings.Web);
        var signs = mta is { DkimDomains.IsEmpty: false };
        return new Material
        {
            Mta = mta is null ? null : Certified(mta.Certificate, "mta"),
            Web = web is null ? null : Certified(web.Certificate, "web"),
            Dkim = signs
                ? new DkimKey("rsa", new Secret(Pem("PRIVATE KEY", "dkim key")), string.Concat(Enumerable.Repeat("PublicKey0", 39)) + "AB")
                : null,
            RedisPassword = mta is null ? null : new Secret("redis-password-of-the-samples"),
            ControllerPassword = mta is null ? null : new Secret("controller-password-of-the-samples"),
            WebPassword = web?.Password.Source == PasswordSource.Generate ? new Secret("web-password-of-the-samples") : null,
            WebPasswordHash =
                web is null ? null
                : web.Password is { Source: PasswordSource.Hash, Value: { } hash } ? hash
                : new Secret("$6$saltsaltsalt$hashofthesamples"),
            Backend = settings.System.Profile.Clustered
                ? new BackendMaterial(new Secret("redis-password-of-the-cluster"), new Secret("erlang-cookie-of-the-cluster"))
                : null,
            Cluster = settings.System.Profile.Clustered ? Cluster(issuer: settings.Cluster.Id == 1) : null,
        };
    }

    /// <summary>What the CA of a cluster gives to a member; the first one is its issuer.</summary>
    public static ClusterMaterial Cluster(bool issuer) =>
        new(
            new CertifiedKey(
                new Secret(Pem("PRIVATE KEY", "node key")),
                Pem("CERTIFICATE", "node certificate") + Pem("CERTIFICATE", "issuing ca")
            ),
            Pem("CERTIFICATE", "root ca"),
            Pem("X509 CRL", "revoked nodes") + Pem("X509 CRL", "revoked issuers"),
            issuer ? new CertifiedKey(new Secret(Pem("PRIVATE KEY", "issuing key")), Pem("CERTIFICATE", "issuing ca")) : null
        )
        {
            ClusterId = "0123456789abcdef0123456789abcdef",
            Seat = issuer ? QuorumSeat.Founder("mx1.example.org") : null,
        };

    /// <summary>The answers of a cluster's member with nothing but what it must have.</summary>
    public static string Member(string profile) =>
        Minimal.Replace("mx1.example.org\n", $"mx1.example.org\n  profile: {profile}\n", StringComparison.Ordinal);

    public static string Pem(string label, string words) =>
        $"-----BEGIN {label}-----\n{Convert.ToBase64String(Encoding.UTF8.GetBytes(words))}\n-----END {label}-----\n";

    /// <summary>A single file of a node by its path.</summary>
    public static string FileText(this RenderedNode node, string path) => node.Contents[node.Entries.Single(e => e.Path == path).Hash].Text;

    /// <summary>Files and directories named by <c>PATH</c>, as if the machine had them and nobody else could read them.</summary>
    public static Inputs With(params (string Path, string Text)[] files) =>
        new(Facts, true, files.ToImmutableDictionary(f => (WantedKind.File, f.Path), f => new Found([.. Encoding.UTF8.GetBytes(f.Text)])));

    public static IPAddress Address(string text) => IPAddress.Parse(text);

    private static CertifiedKey Certified(CertificateChoice choice, string name) =>
        choice.Source == CertificateSource.Own
            ? new CertifiedKey(choice.KeyPem, choice.CertificatePem)
            : new CertifiedKey(new Secret(Pem("PRIVATE KEY", $"{name} key")), Pem("CERTIFICATE", $"{name} certificate"));
}

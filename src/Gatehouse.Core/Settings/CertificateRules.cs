using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Trust;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about certificates given by the administrator.</summary>
internal static class CertificateRules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        new("the cluster's CA is asked only where there is a cluster", ClusterNeeded),
        new("the cluster's certificate names the service", ClusterFits),
        new("an own certificate fits its key, its name and the date", OwnFits),
        new("an own DKIM key can sign", DkimFits),
    ];

    private static readonly ImmutableArray<string> Users = ["mta", "web"];

    private static void ClusterNeeded(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: false })
            return;
        foreach (var screen in Users)
            if (v.TryGet<string>($"{screen}.certificate", out var source) && source == "cluster")
                report.Error(
                    "needs-cluster",
                    $"{screen}.certificate",
                    "there is no cluster CA on a standalone node; take 'own' or 'self-signed'.",
                    v.OriginOf($"{screen}.certificate")
                );
    }

    // It is the node's certificate, issued for the host name alone.
    private static void ClusterFits(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true } || !v.TryGet<string>("system.name", out var node))
            return;
        foreach (var screen in Users)
            if (
                v.TryGet<string>($"{screen}.certificate", out var source)
                && source == "cluster"
                && v.TryGet<string>($"{screen}.host_name", out var name)
                && name != node
            )
                report.Error(
                    "certificate-name",
                    $"{screen}.certificate",
                    $"the cluster's CA names this node {node}, not {name}. Set {screen}.host_name to {node}, or take 'own' or "
                        + $"'self-signed'.",
                    v.OriginOf($"{screen}.certificate")
                );
    }

    private static void OwnFits(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var screen in Users)
        {
            if (
                !v.TryGet<string>($"{screen}.certificate_file", out var certificateFile)
                || !v.TryGet<string>($"{screen}.key_file", out var keyFile)
            )
                continue;
            if (inputs.TextOf(certificateFile) is not { } certificate || inputs.TextOf(keyFile) is not { } key)
                continue;
            if (keyFile != certificateFile && !PemText.Read(certificate).Keys.IsEmpty)
                WarnOfExposed($"{screen}.certificate_file", certificateFile, v, inputs, report);
            WarnOfExposed($"{screen}.key_file", keyFile, v, inputs, report);
            v.TryGet<string>($"{screen}.host_name", out var name);
            Judge(screen, OwnCertificate.Read(certificate, key), certificateFile, keyFile, name, v, inputs, report);
        }
    }

    private static void WarnOfExposed(string path, string file, ValueSet v, Inputs inputs, Report report)
    {
        if (inputs.Things[(WantedKind.File, file)] is not { OwnerOnly: false })
            return;
        report.Warn(
            "secret-exposed",
            path,
            $"{file} holds a private key and can be read by others. Run 'chmod 600 {file}'.",
            v.OriginOf(path)
        );
    }

    private static void Judge(
        string screen,
        OwnCertificate own,
        string certificateFile,
        string keyFile,
        string? name,
        ValueSet v,
        Inputs inputs,
        Report report
    )
    {
        var (path, keyPath) = ($"{screen}.certificate_file", $"{screen}.key_file");
        var (origin, keyOrigin) = (v.OriginOf(path), v.OriginOf(keyPath));
        switch (own.Problem)
        {
            case OwnCertificateProblem.NoCertificate:
                report.Error(
                    "certificate-unreadable",
                    path,
                    $"{certificateFile} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).",
                    origin
                );
                return;
            case OwnCertificateProblem.NoKey:
                report.Error(
                    "key-unreadable",
                    keyPath,
                    $"{keyFile} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----).",
                    keyOrigin
                );
                break;
            case OwnCertificateProblem.EncryptedKey:
                report.Error(
                    "key-encrypted",
                    keyPath,
                    $"the private key in {keyFile} has a passphrase, which no service could type. Remove it with 'openssl pkey'.",
                    keyOrigin
                );
                break;
            case OwnCertificateProblem.KeyMismatch:
                report.Error(
                    "key-mismatch",
                    keyPath,
                    $"the private key in {keyFile} belongs to no certificate in {certificateFile}. Name the two that belong together.",
                    keyOrigin
                );
                break;
            case OwnCertificateProblem.KeyKind:
                report.Error(
                    "certificate-key-kind",
                    path,
                    $"{certificateFile} has {own.Detail}. Use an RSA key of 2048 bits or more, or one on P-256 or P-384.",
                    origin
                );
                break;
        }

        using var parsed = X509Certificate2.CreateFromPem(own.ChainPem);
        var now = inputs.Facts.Now;
        if (parsed.NotAfter.ToUniversalTime() < now)
            report.Error(
                "certificate-expired",
                path,
                $"{certificateFile} expired on {parsed.NotAfter:yyyy-MM-dd}; put a valid one in its place.",
                origin
            );
        else if (parsed.NotAfter.ToUniversalTime() < now.AddDays(14))
            report.Warn(
                "certificate-expires",
                path,
                $"{certificateFile} expires on {parsed.NotAfter:yyyy-MM-dd}; renew it and apply again.",
                origin
            );
        if (name is not null && !parsed.MatchesHostname(name))
            report.Error("certificate-name", path, $"{certificateFile} is not valid for {name}; take one that names it.", origin);
    }

    // A key that is carried over from another gateway, so that its record in DNS goes on being right.
    private static void DkimFits(ValueSet v, Inputs inputs, Report report)
    {
        const string path = "mta.dkim_key_file";
        if (!v.TryGet<string>(path, out var file) || inputs.TextOf(file) is not { } text)
            return;
        WarnOfExposed(path, file, v, inputs, report);
        if (DkimKey.Read(text, out var problem) is null)
            report.Error("dkim-key", path, $"{file} {problem}.", v.OriginOf(path));
        if (v.List<string>("mta.dkim_domains").IsEmpty)
            report.Warn(
                "dkim-key-unused",
                path,
                "no domain is signed with this key; list the domains in mta.dkim_domains.",
                v.OriginOf(path)
            );
    }
}

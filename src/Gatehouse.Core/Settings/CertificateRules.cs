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
        new("the cluster's CA needs a cluster", ClusterNeeded),
        new("the cluster's certificate names the service", ClusterFits),
        new("a custom certificate matches its key and name and is valid now", OwnFits),
        new("a custom DKIM key can sign", DkimFits),
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
                    "a standalone node has no cluster CA; use 'own' or 'self-signed'.",
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
                    $"the cluster's CA certifies the name {node}, not {name}. Set {screen}.host_name to {node}, or use 'own' "
                        + "or 'self-signed'.",
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
            $"{file} contains a private key and is readable by other users. Run 'chmod 600 {file}'.",
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
                    $"{certificateFile} contains no certificate in PEM format (-----BEGIN CERTIFICATE-----).",
                    origin
                );
                return;
            case OwnCertificateProblem.NoKey:
                report.Error(
                    "key-unreadable",
                    keyPath,
                    $"{keyFile} contains no private key in PEM format (-----BEGIN PRIVATE KEY-----).",
                    keyOrigin
                );
                break;
            case OwnCertificateProblem.EncryptedKey:
                report.Error(
                    "key-encrypted",
                    keyPath,
                    $"the private key in {keyFile} is protected by a passphrase, which services cannot enter. Remove it with "
                        + "'openssl pkey'.",
                    keyOrigin
                );
                break;
            case OwnCertificateProblem.KeyMismatch:
                report.Error(
                    "key-mismatch",
                    keyPath,
                    $"the private key in {keyFile} does not match any certificate in {certificateFile}. Give a matching pair.",
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
                $"{certificateFile} expired on {parsed.NotAfter:yyyy-MM-dd}; replace it with a valid one.",
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
            report.Error("certificate-name", path, $"{certificateFile} is not valid for {name}; use one that includes this name.", origin);
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
            report.Warn("dkim-key-unused", path, "this key signs no domain; list the domains in mta.dkim_domains.", v.OriginOf(path));
    }
}

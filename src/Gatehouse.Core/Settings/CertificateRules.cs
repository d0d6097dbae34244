using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about certificates given by the administrator.</summary>
internal static class CertificateRules
{
    public static ImmutableArray<Rule> All { get; } =
    [
        new("the cluster's CA is asked only where there is a cluster", ClusterNeeded),
        new("the cluster's certificate names the service", ClusterFits),
        new("an own certificate fits its key, its name and the date", OwnFits),
    ];

    private static readonly ImmutableArray<string> Users = ["mta", "web"];

    private static void ClusterNeeded(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: false }) return;
        foreach (var screen in Users)
            if (v.TryGet<string>($"{screen}.certificate", out var source) && source == "cluster")
                report.Error("needs-cluster", $"{screen}.certificate", "there is no cluster CA on a standalone node; take 'own' or 'self-signed'.", v.OriginOf($"{screen}.certificate"));
    }

    // It is the node's certificate, issued for the host name alone.
    private static void ClusterFits(ValueSet v, Inputs inputs, Report report)
    {
        if (v.Profile is not { Clustered: true } || !v.TryGet<string>("system.name", out var node)) return;
        foreach (var screen in Users)
            if (v.TryGet<string>($"{screen}.certificate", out var source) && source == "cluster" && v.TryGet<string>($"{screen}.host_name", out var name) && name != node)
                report.Error("certificate-name", $"{screen}.certificate", $"the cluster's CA names this node {node}, not {name}. Set {screen}.host_name to {node}, or take 'own' or 'self-signed'.", v.OriginOf($"{screen}.certificate"));
    }

    private static void OwnFits(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var screen in Users)
        {
            if (!v.TryGet<string>($"{screen}.certificate_file", out var certificateFile) || !v.TryGet<string>($"{screen}.key_file", out var keyFile)) continue;
            if (Content(inputs, certificateFile) is not { } certificate || Content(inputs, keyFile) is not { } key) continue;
            v.TryGet<string>($"{screen}.host_name", out var name);
            var exposed = inputs.Things[(WantedKind.File, keyFile)] is { OwnerOnly: false };
            if (exposed) report.Warn("secret-exposed", $"{screen}.key_file", $"{keyFile} can be read by others. Run 'chmod 600 {keyFile}'.", v.OriginOf($"{screen}.key_file"));
            Judge(screen, certificateFile, certificate, keyFile, key, name, v, inputs, report);
        }
    }

    private static void Judge(string screen, string certificateFile, string certificate, string keyFile, string key, string name, ValueSet v, Inputs inputs, Report report)
    {
        var path = $"{screen}.certificate_file";
        var origin = v.OriginOf(path);
        X509Certificate2 parsed;
        try
        {
            parsed = X509Certificate2.CreateFromPem(certificate);
        }
        catch (CryptographicException)
        {
            report.Error("certificate-unreadable", path, $"{certificateFile} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).", origin);
            return;
        }

        using (parsed)
        {
            try
            {
                using var pair = X509Certificate2.CreateFromPem(certificate, key);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                report.Error("key-mismatch", $"{screen}.key_file", $"{keyFile} is not the unencrypted PEM private key of {certificateFile}.", v.OriginOf($"{screen}.key_file"));
            }

            var now = inputs.Facts.Now;
            if (parsed.NotAfter.ToUniversalTime() < now) report.Error("certificate-expired", path, $"{certificateFile} expired on {parsed.NotAfter:yyyy-MM-dd}; put a valid one in its place.", origin);
            else if (parsed.NotAfter.ToUniversalTime() < now.AddDays(14)) report.Warn("certificate-expires", path, $"{certificateFile} expires on {parsed.NotAfter:yyyy-MM-dd}; renew it and apply again.", origin);
            if (name is not null && !parsed.MatchesHostname(name)) report.Error("certificate-name", path, $"{certificateFile} is not valid for {name}; take one that names it.", origin);
        }
    }

    private static string? Content(Inputs inputs, string file) =>
        inputs.Things.TryGetValue((WantedKind.File, file), out var found) && found.Content is { } bytes ? Encoding.UTF8.GetString(bytes.AsSpan()) : null;
}

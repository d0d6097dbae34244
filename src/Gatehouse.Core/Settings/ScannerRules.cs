using System.Collections.Immutable;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>Rules about scanning and quarantine.</summary>
internal static class ScannerRules
{
    // Retention deletes below this directory, so it must never be one that holds anything else.
    private static readonly ImmutableArray<string> Allowed = ["/var/spool/", "/var/lib/", "/srv/", "/mnt/", "/data/", "/opt/"];
    private static readonly ImmutableArray<string> Taken =
    [
        "/var/spool/exim4",
        "/var/lib/gatehouse",
        "/var/lib/rspamd",
        "/var/lib/clamav",
        "/var/lib/redis",
        "/var/lib/dpkg",
        "/var/lib/systemd",
        "/var/lib/apt",
        "/var/spool/cron",
    ];

    // From mild to strict.
    private static readonly ImmutableArray<string> Strictness = ["tag", "quarantine", "reject"];

    // Made by the exim component for what Gatehouse spools.
    private const string Parent = "/var/spool/gatehouse";

    public static ImmutableArray<Rule> All { get; } =
    [
        new("certain spam scores higher than spam", ScoresInOrder),
        new("certain spam is not treated more leniently than spam", ActionsInOrder),
        new("the quarantine has a directory of its own", QuarantineDirectory),
        new("warn about an organisation name that SMTP cannot carry", OrganisationShown),
        new("a standalone node cannot share its quarantine", SharingNeedsCluster),
    ];

    private static void ScoresInOrder(ValueSet v, Inputs inputs, Report report)
    {
        if (
            v.TryGet<decimal>("scanner.spam_score", out var low)
            && v.TryGet<decimal>("scanner.high_spam_score", out var high)
            && high <= low
        )
            report.Error(
                "scores-reversed",
                "scanner.high_spam_score",
                $"the high spam score ({high}) must be above the spam score ({low}).",
                v.OriginOf("scanner.high_spam_score") ?? v.OriginOf("scanner.spam_score")
            );
    }

    private static void ActionsInOrder(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<string>("scanner.spam_action", out var low) || !v.TryGet<string>("scanner.high_spam_action", out var high))
            return;
        if (Strictness.IndexOf(high) >= Strictness.IndexOf(low))
            return;
        var origin = v.OriginOf("scanner.high_spam_action") ?? v.OriginOf("scanner.spam_action");
        report.Warn(
            "actions-reversed",
            "scanner.high_spam_action",
            $"certain spam is treated more leniently than spam: '{high}' is milder than the spam action '{low}'. Choose "
                + $"'{low}' here, or a milder spam action.",
            origin
        );
    }

    // SMTP replies are ASCII (RFC 5321 section 2.4).
    private static void OrganisationShown(ValueSet v, Inputs inputs, Report report)
    {
        if (!System.Text.Ascii.IsValid(v.Text("scanner.organisation")))
            report.Add(
                new Finding(
                    Severity.Info,
                    "organisation-not-in-banner",
                    "scanner.organisation",
                    "the organisation contains non-ASCII characters, which SMTP cannot carry; the banner omits it.",
                    v.OriginOf("scanner.organisation")
                )
            );
    }

    private static void QuarantineDirectory(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<string>("scanner.quarantine_directory", out var path))
            return;
        var origin = v.OriginOf("scanner.quarantine_directory");
        if (!Allowed.Any(a => path.StartsWith(a, StringComparison.Ordinal)))
            report.Error(
                "directory-unsafe",
                "scanner.quarantine_directory",
                $"Gatehouse deletes old messages in this directory, so it must be below one of {string.Join(", ", Allowed)}.",
                origin
            );
        else if (Taken.FirstOrDefault(t => path == t || path.StartsWith(t + "/", StringComparison.Ordinal)) is { } owner)
            report.Error(
                "directory-unsafe",
                "scanner.quarantine_directory",
                $"{owner} belongs to another service; give the quarantine a directory of its own.",
                origin
            );
        else if (path == Parent)
            report.Error(
                "directory-unsafe",
                "scanner.quarantine_directory",
                $"{Parent} contains more than the quarantine; use {Parent}/quarantine.",
                origin
            );
    }

    private static void SharingNeedsCluster(ValueSet v, Inputs inputs, Report report)
    {
        if (
            v.TryGet<string>("system.profile", out var profile)
            && profile == "standalone"
            && v.TryGet<string>("scanner.quarantine_shared", out var shared)
            && shared == "built-in"
        )
            report.Error(
                "needs-cluster",
                "scanner.quarantine_shared",
                "the built-in sharing synchronises the nodes of a cluster; a standalone node needs 'off' or 'file-system'.",
                v.OriginOf("scanner.quarantine_shared")
            );
    }
}

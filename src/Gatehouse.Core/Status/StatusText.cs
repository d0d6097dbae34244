using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Gatehouse.Core.Status;

/// <summary>The state of a gateway for people, for programs and for Prometheus.</summary>
public static class StatusText
{
    /// <summary>Warnings of a look outside (<see cref="Outside.OutsideWarning.Id"/>) that the status has words of its own for.</summary>
    public static ImmutableArray<string> Covered { get; } = ["signatures-absent", "signatures-old", "certificate-expires"];

    /// <summary>Lines for a person.</summary>
    public static string AsText(GatewayStatus status)
    {
        var text = new StringBuilder();
        Line("Gateway", $"{status.Name}, Gatehouse {status.Release}");
        Line("Last apply", status.Apply is { } apply ? $"generation {apply.Number}, {Time(apply.Time)}, {apply.Result}" : "none");
        Line(
            "Last verify",
            status.Verify is { } verify
                ? $"{Time(verify.Time)}, {(verify.IsHealthy ? "no failures" : Count(verify.Failures.Length, "failure"))}"
                : "none yet"
        );
        Line(
            "Services",
            status.Units.IsEmpty ? "none"
                : status.Units.Count(u => u.IsActive) == status.Units.Length ? $"{status.Units.Length} run"
                : $"{status.Units.Count(u => u.IsActive)} of {status.Units.Length} run"
        );
        if (status.Queue is { } queue)
            Line(
                "Queue",
                queue.OldestSeconds is { } age
                    ? $"{Count(queue.Messages, "message")}, the oldest waiting for "
                        + $"{GatewayStatus.Span(TimeSpan.FromSeconds(age))}{(queue.Frozen > 0 ? $", {queue.Frozen} on hold" : "")}"
                    : "empty"
            );
        foreach (var disk in status.Disks)
            Line(
                $"Disk {disk.Use}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{disk.UsedPercent} % full, {disk.FreeBytes / 1073741824.0:0.0} GB free ({disk.Path})"
                )
            );
        if (status.ScansForViruses)
            Line("Signatures", status.Signatures is { } made ? $"made {Time(made)}, {GatewayStatus.Span(status.Now - made)} ago" : "none");
        foreach (var certificate in status.Certificates)
            Line($"Certificate {certificate.Use}", $"until {Time(certificate.Ends)}");
        text.AppendLine();
        var problems = status.Problems;
        if (problems.IsEmpty)
            text.AppendLine("No problems.");
        foreach (var problem in problems)
            text.AppendLine(CultureInfo.InvariantCulture, $"! {problem}");
        return text.ToString();

        void Line(string what, string value) => text.AppendLine(CultureInfo.InvariantCulture, $"{what, -17}{value}");
    }

    /// <summary>An object for programs.</summary>
    public static JsonObject AsJson(GatewayStatus status) =>
        new()
        {
            ["cluster"] = null,
            ["name"] = status.Name,
            ["release"] = status.Release,
            ["time"] = status.Now.ToString("O"),
            ["healthy"] = status.IsHealthy,
            ["problems"] = new JsonArray([.. status.Problems.Select(p => (JsonNode)p)]),
            ["apply"] = status.Apply is { } apply
                ? new JsonObject
                {
                    ["generation"] = apply.Number,
                    ["time"] = apply.Time.ToString("O"),
                    ["result"] = apply.Result,
                    ["reason"] = apply.Reason,
                }
                : null,
            ["verify"] = status.Verify is { } verify
                ? new JsonObject
                {
                    ["time"] = verify.Time.ToString("O"),
                    ["healthy"] = verify.IsHealthy,
                    ["failures"] = new JsonArray([.. verify.Failures.Select(f => (JsonNode)f)]),
                }
                : null,
            ["services"] = new JsonArray([
                .. status.Units.Select(u =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["unit"] = u.Unit,
                            ["state"] = u.State,
                            ["active"] = u.IsActive,
                        }
                ),
            ]),
            ["queue"] = status.Queue is { } queue
                ? new JsonObject
                {
                    ["messages"] = queue.Messages,
                    ["on_hold"] = queue.Frozen,
                    ["oldest_seconds"] = queue.OldestSeconds,
                }
                : null,
            ["disks"] = new JsonArray([
                .. status.Disks.Select(d =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["use"] = d.Use,
                            ["path"] = d.Path,
                            ["used_percent"] = d.UsedPercent,
                            ["free_bytes"] = d.FreeBytes,
                        }
                ),
            ]),
            ["signatures"] = status.ScansForViruses
                ? new JsonObject
                {
                    ["made"] = status.Signatures?.ToString("O"),
                    ["age_seconds"] = status.Signatures is { } made ? (long)(status.Now - made).TotalSeconds : null,
                }
                : null,
            ["certificates"] = new JsonArray([
                .. status.Certificates.Select(c => (JsonNode)new JsonObject { ["use"] = c.Use, ["expires"] = c.Ends.ToString("O") }),
            ]),
        };

    /// <summary>The text format of Prometheus (exposition format 0.0.4): seconds, bytes and ratios; each name says its unit.</summary>
    public static string AsPrometheus(GatewayStatus status)
    {
        var text = new StringBuilder();
        Gauge(
            "gatehouse_info",
            "The release of Gatehouse; always 1.",
            [($"{{name=\"{Label(status.Name)}\",release=\"{Label(status.Release)}\"}}", 1)]
        );
        Gauge(
            "gatehouse_healthy",
            "Whether 'gatehouse status' finds no problem (1) or at least one (0).",
            [("", status.IsHealthy ? 1 : 0)]
        );
        Gauge("gatehouse_problems", "The number of problems that 'gatehouse status' finds.", [("", status.Problems.Length)]);
        Gauge(
            "gatehouse_service_active",
            "Whether the unit is running.",
            status.Units.Select(u => ($"{{unit=\"{Label(u.Unit)}\"}}", u.IsActive ? 1.0 : 0))
        );
        if (status.Queue is { } queue)
        {
            Gauge("gatehouse_queue_messages", "Messages waiting for delivery.", [("", queue.Messages)]);
            Gauge("gatehouse_queue_on_hold_messages", "Messages on hold in the queue.", [("", queue.Frozen)]);
            Gauge(
                "gatehouse_queue_oldest_age_seconds",
                "The age of the oldest message in the queue; 0 when it is empty.",
                [("", queue.OldestSeconds ?? 0)]
            );
        }

        Gauge(
            "gatehouse_disk_used_ratio",
            "How full the file system is, from 0 to 1.",
            status.Disks.Select(d => (Disk(d), d.UsedPercent / 100.0))
        );
        Gauge("gatehouse_disk_free_bytes", "Free space on the file system.", status.Disks.Select(d => (Disk(d), (double)d.FreeBytes)));
        if (status is { ScansForViruses: true, Signatures: { } made })
            Gauge(
                "gatehouse_virus_signatures_timestamp_seconds",
                "When the newest virus signatures were made, as Unix time.",
                [("", made.ToUnixTimeSeconds())]
            );
        Gauge(
            "gatehouse_certificate_expires_timestamp_seconds",
            "When the certificate expires, as Unix time.",
            status.Certificates.Select(c => ($"{{use=\"{Label(c.Use)}\"}}", (double)c.Ends.ToUnixTimeSeconds()))
        );
        if (status.Apply is { } apply)
        {
            Gauge("gatehouse_apply_generation", "The number of the last generation.", [("", apply.Number)]);
            Gauge("gatehouse_apply_timestamp_seconds", "When the last apply began, as Unix time.", [("", apply.Time.ToUnixTimeSeconds())]);
            Gauge("gatehouse_apply_good", "Whether the last apply was good.", [("", apply.Result == "good" ? 1 : 0)]);
        }

        if (status.Verify is { } verify)
        {
            Gauge(
                "gatehouse_verify_timestamp_seconds",
                "When the last verification was, as Unix time.",
                [("", verify.Time.ToUnixTimeSeconds())]
            );
            Gauge("gatehouse_verify_failures", "The number of failures in the last verification.", [("", verify.Failures.Length)]);
        }

        return text.ToString();

        void Gauge(string name, string help, IEnumerable<(string Labels, double Value)> values)
        {
            var all = values.ToArray();
            if (all.Length == 0)
                return;
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
            foreach (var (labels, value) in all)
                text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value}\n");
        }

        static string Disk(DiskStatus disk) => $"{{use=\"{Label(disk.Use)}\",path=\"{Label(disk.Path)}\"}}";
    }

    private static string Label(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Count(int number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}

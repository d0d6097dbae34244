using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Membership;
using Gatehouse.Cluster.Status;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Status;
using Gatehouse.Printing;
using Gatehouse.Terminal;
using Gatehouse.Watching;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse status</c></summary>
internal static class StatusCommand
{
    private static readonly Option<bool> Watch = new("--watch") { Description = "Refresh the status every two seconds." };
    private static readonly Option<bool> Prometheus = new("--prometheus") { Description = "Print the status in Prometheus format." };

    private static readonly Option<bool> Map = new("--map")
    {
        Description = "Draw a map: segments, locations, nodes, virtual addresses, and how many nodes may fail.",
    };

    private static readonly Option<int> Timeout = new("--timeout")
    {
        Description = "How long to wait for an answer, in seconds; raise it for slow links or busy hosts.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => (int)StatusReader.Deadline.TotalSeconds,
    };

    public static Command Create()
    {
        var command = new Command(
            "status",
            """
            Shows the state of this gateway, or of every member of its cluster. Exits 0 if there is no problem, otherwise 1.
            A gateway without a cluster shows services, queue, disks, virus signatures, certificates, last apply and last verify.
            In a cluster, STATE: A active, S settings not up to date, J joining, L leaving, E no answer; * marks the issuer.
            SEEN: now, or how long ago; a member that is too busy to answer is shown as of its last heartbeat.
            On the map: x no answer, ! has a problem, ~ joining or leaving. With --plain, the map is written in sentences.

            Example: gatehouse status --map
            """
        )
        {
            Watch,
            Prometheus,
            Map,
            Timeout,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Map) && (result.GetValue(Prometheus) || result.GetValue(GlobalOptions.Json)))
                result.AddError("--map cannot be combined with --json or --prometheus.");
        });
        command.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RunAsync(parse, ct)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        if (new ClusterFiles(GlobalOptions.Machine(parse)).Node is not { } me)
            return await OwnAsync(parse, ct);
        var deadline = parse.GetValue(Timeout) is >= 1 and <= 60 and var seconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new SequenceException(ExitCodes.BadInput, "--timeout must be 1 to 60 seconds.");
        while (true)
        {
            var source = parse.GetValue(Map) ? MapSource.ReadAsync(me, GlobalOptions.Machine(parse), deadline, ct) : null;
            var report = await StatusReader.ReadAsync(me, deadline, TimeProvider.System, ct);
            var map = source is null ? "" : (await source).Draw(report, me.Number, parse.GetValue(GlobalOptions.Plain));
            if (parse.GetValue(Watch) && !Console.IsOutputRedirected)
                Console.Out.Write("\e[H\e[2J");
            if (map.Length > 0)
                Console.Out.Write(map);
            else
                Write(parse, report);
            if (!parse.GetValue(Watch))
                return report.IsHealthy ? ExitCodes.Done : ExitCodes.Failed;
            await Task.Delay(TimeSpan.FromSeconds(2), ct);
        }
    }

    private static async Task<int> OwnAsync(ParseResult parse, CancellationToken ct)
    {
        if (parse.GetValue(Map))
            throw new SequenceException(ExitCodes.BadInput, "--map needs a cluster, and this host is not a member of one.");
        await DamagedRecords.TellAsync(parse, ct);
        var probe = new GatewayProbe(GlobalOptions.Machine(parse), TimeProvider.System);
        while (true)
        {
            var looking = LooksOutside(parse) ? OutsideReport.InForceAsync(parse, ct) : Task.FromResult(OutsideReport.None);
            var status = await probe.ReadAsync(ct);
            var outside = (await looking).Except(StatusText.Covered);
            if (parse.GetValue(Watch) && !Console.IsOutputRedirected)
                Console.Out.Write("\e[H\e[2J");
            if (parse.GetValue(GlobalOptions.Json))
                Console.Out.WriteLine(Json.Text(WithWarnings(StatusText.AsJson(status), outside)));
            else
                Console.Out.Write(parse.GetValue(Prometheus) ? StatusText.AsPrometheus(status) : StatusText.AsText(status));
            foreach (var line in parse.GetValue(GlobalOptions.Json) ? [] : outside.WarningLines())
                Console.Out.WriteLine(line);
            if (!parse.GetValue(Watch))
                return status.IsHealthy ? ExitCodes.Done : ExitCodes.Failed;
            await Task.Delay(TimeSpan.FromSeconds(2), ct);
        }
    }

    // Monitoring asks every few seconds, and a screen is redrawn every two: neither is a reason to bother DNS and mail servers.
    private static bool LooksOutside(ParseResult parse) => !parse.GetValue(Prometheus) && !parse.GetValue(Watch);

    private static JsonObject WithWarnings(JsonObject status, OutsideReport outside)
    {
        status["warnings"] = outside.WarningsJson();
        return status;
    }

    private static void Write(ParseResult parse, ClusterReport report)
    {
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(AsJson(report)));
        else if (parse.GetValue(Prometheus))
            Console.Out.Write(AsPrometheus(report));
        else
            Console.Out.Write(AsText(report, TimeProvider.System.GetUtcNow()));
    }

    private static string AsText(ClusterReport report, DateTimeOffset now)
    {
        var text = new StringBuilder();
        if (!report.IsCurrent)
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"The registry does not answer; the list of members is as of {report.View.Taken.ToLocalTime():yyyy-MM-dd HH:mm:ss}."
            );
        var rows = report.Table(now).ToArray();
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows)
            text.AppendLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
        foreach (var member in report.Members)
        foreach (var problem in member.Problems)
            text.AppendLine(CultureInfo.InvariantCulture, $"{member.Node.Name}: {problem}");
        return text.ToString();
    }

    private static JsonObject AsJson(ClusterReport report) =>
        new()
        {
            ["cluster"] = report.View.Cluster.Name,
            ["id"] = report.View.Cluster.Id,
            ["epoch"] = report.View.Cluster.Epoch,
            ["settings"] = report.View.WantedSettings,
            ["current"] = report.IsCurrent,
            ["healthy"] = report.IsHealthy,
            ["nodes"] = new JsonArray([
                .. report.Members.Select(m =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["number"] = m.Node.Number,
                            ["name"] = m.Node.Name,
                            ["address"] = m.Node.Address.ToString(),
                            ["profile"] = m.Node.Profile,
                            ["issuer"] = m.Node.Number == report.View.Cluster.Issuer,
                            ["state"] = m.State(report.View.WantedSettings),
                            ["healthy"] = m.IsHealthy,
                            ["uptime"] = m.Status?.UptimeSeconds,
                            ["load"] = m.Status?.Load,
                            ["memory"] = m.Status?.MemoryPercent,
                            ["disk"] = m.Status is { Partitions.IsEmpty: false } s ? s.Partitions.Max(p => p.UsedPercent) : null,
                            ["version"] = m.Status?.Release ?? m.Node.Release,
                            ["settings"] = m.Status?.SettingsVersion ?? m.Node.SettingsVersion,
                            ["queue"] = m.Status?.Queue,
                            ["certificate_expires"] = (m.Status?.CertificateExpires ?? m.Node.CertificateExpires)?.ToString("O"),
                            ["replica_follows"] = m.Replica?.Follows,
                            ["replica_behind_bytes"] = m.Replica?.Behind,
                            ["votes_since"] = m.Node.VotesSince?.ToString("O"),
                            ["last_seen"] = m.Node.LastSeen?.ToString("O"),
                            ["problems"] = new JsonArray([.. m.Problems.Select(p => (JsonNode)p)]),
                        }
                ),
            ]),
        };

    private static string AsPrometheus(ClusterReport report)
    {
        var text = new StringBuilder();
        Gauge("gatehouse_registry_up", "Whether the registry answers.", [("", report.IsCurrent ? 1 : 0)]);
        Gauge("gatehouse_node_up", "Whether the node answers.", Each(m => m.Status is null ? 0 : 1));
        Gauge("gatehouse_node_healthy", "Whether the node has no problem.", Each(m => m.IsHealthy ? 1 : 0));
        Gauge(
            "gatehouse_node_votes",
            "Whether the node has a vote on which replica of the registry accepts writes.",
            Each(m => m.Node.VotesSince is null ? 0 : 1)
        );
        Gauge(
            "gatehouse_node_replica_follows",
            "Whether the node's replica of the registry receives from the primary.",
            Replicas(r => r.Follows ? 1 : 0)
        );
        Gauge(
            "gatehouse_node_replica_behind_bytes",
            "How much of the primary's log the node's replica of the registry has not replayed yet.",
            Replicas(r => r.Behind)
        );
        Gauge("gatehouse_node_load1", "Load over one minute.", Known(m => m.Load));
        Gauge("gatehouse_node_memory_percent", "Memory in use.", Known(m => m.MemoryPercent));
        Gauge(
            "gatehouse_node_disk_percent",
            "The fullest file system.",
            Known(m => m.Partitions.IsEmpty ? 0 : m.Partitions.Max(p => p.UsedPercent))
        );
        Gauge("gatehouse_node_settings_version", "The settings version in force.", Known(m => m.SettingsVersion));
        Gauge(
            "gatehouse_node_certificate_expires_seconds",
            "When the node's certificate expires, as Unix time.",
            Known(m => m.CertificateExpires.ToUnixTimeSeconds())
        );
        Gauge(
            "gatehouse_node_queue_messages",
            "Messages that wait for delivery.",
            [.. report.Members.Where(m => m.Status?.Queue is not null).Select(m => (Label(m), (double)m.Status!.Queue!.Value))]
        );
        return text.ToString();

        void Gauge(string name, string help, IEnumerable<(string Label, double Value)> values)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
            foreach (var (label, value) in values)
                text.Append(CultureInfo.InvariantCulture, $"{name}{label} {value}\n");
        }

        IEnumerable<(string, double)> Each(Func<MemberReport, double> value) => report.Members.Select(m => (Label(m), value(m)));
        IEnumerable<(string, double)> Replicas(Func<ReplicaState, double?> value) =>
            report.Members.Where(m => m.Replica is { } r && value(r) is not null).Select(m => (Label(m), value(m.Replica!)!.Value));
        IEnumerable<(string, double)> Known(Func<NodeStatus, double> value) =>
            report.Members.Where(m => m.Status is not null).Select(m => (Label(m), value(m.Status!)));
        static string Label(MemberReport m) => $"{{node=\"{m.Node.Name}\",number=\"{m.Node.Number}\"}}";
    }
}

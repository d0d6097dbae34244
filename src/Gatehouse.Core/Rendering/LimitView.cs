using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>What templates see of limits and of the collected log.</summary>
internal static class LimitView
{
    /// <summary>Adds the section <c>logs</c>, and on a mail node the section <c>limits</c>.</summary>
    public static void Add(Dictionary<string, object> view, GatewaySettings settings)
    {
        view.Add(
            "logs",
            ViewBuilder.Map(
                ("collects", settings.Logs.CollectOn.Contains(settings.System.Name)),
                ("collect_on", settings.Logs.CollectOn),
                ("collected_days", settings.Logs.Days)
            )
        );
        if (settings.Mta is null)
            return;
        view.Add("limits", ViewBuilder.Map(("any", !settings.Limits.IsEmpty), ("rates", settings.Limits.Select(Rate).ToImmutableArray())));
    }

    private static Dictionary<string, object> Rate(MailLimit limit) =>
        ViewBuilder.Map(
            ("name", limit.Name),
            ("inbound_network", limit.Kind == LimitKind.InboundNetwork),
            ("outbound_network", limit.Kind == LimitKind.OutboundNetwork),
            (
                "counts",
                limit.Kind switch
                {
                    LimitKind.InboundNetwork => "inbound-network",
                    LimitKind.OutboundNetwork => "outbound-network",
                    _ => "outbound-domain",
                }
            ),
            ("messages", limit.Messages),
            ("seconds", (int)limit.Per.TotalSeconds),
            ("per", Text(limit.Per))
        );

    private static string Text(TimeSpan time)
    {
        var (number, unit) = time.TotalSeconds switch
        {
            var s when s % 86400 == 0 => (time.TotalDays, "d"),
            var s when s % 3600 == 0 => (time.TotalHours, "h"),
            var s when s % 60 == 0 => (time.TotalMinutes, "m"),
            var s => (s, "s"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{number:0}{unit}");
    }
}

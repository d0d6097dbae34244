using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Settings;

/// <summary>Limits of the mail taken: what they are made of, and the rules about them.</summary>
internal static class LimitRules
{
    // The one-minute limits of the scanner's screen, under the names that they have in logs and answers.
    private static readonly ImmutableArray<(string Path, string Name, LimitKind Kind)> Simple =
    [
        ("scanner.limit_source_network", "source_network", LimitKind.InboundNetwork),
        ("scanner.limit_destination_network", "destination_network", LimitKind.OutboundNetwork),
        ("scanner.limit_recipient_domain", "recipient_domain", LimitKind.OutboundDomain),
    ];

    // In templates/rspamd/ratelimit.conf.hbs.
    private const string Verification = "gatehouse_verify";

    // rspamd forgets a bucket that was not used for two days.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static ImmutableArray<Rule> All { get; } =
    [
        new("limits have unique names", NamesAreFree),
        new("a limit's period is one second to one day", TimesFit),
        new("no limit duplicates another", NoneTwice),
        new("a limit has something to count", SomethingToCount),
    ];

    /// <summary>All limits of a node.</summary>
    public static ImmutableArray<MailLimit> Build(ValueSet v) =>
        v.Profile!.Has("mail")
            ?
            [
                .. from limit in Simple
                where v.TryGet<int>(limit.Path, out var messages) && messages > 0
                select new MailLimit(limit.Name, limit.Kind, v.Get<int>(limit.Path), TimeSpan.FromMinutes(1)),
                .. v.Rows("scanner.limits")
                    .Select(r => new MailLimit((string)r.Values["name"], Kind(r), (int)r.Values["messages"], (TimeSpan)r.Values["per"])),
            ]
            : [];

    private static LimitKind Kind(Row row) =>
        (string)row.Values["counts"] switch
        {
            "inbound-network" => LimitKind.InboundNetwork,
            "outbound-network" => LimitKind.OutboundNetwork,
            _ => LimitKind.OutboundDomain,
        };

    private static void NamesAreFree(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var (row, place) in Rows(v))
        {
            if (Simple.FirstOrDefault(s => s.Name == (string)row.Values["name"]) is { Path: { } path })
                report.Error(
                    "name-taken",
                    $"{place}.name",
                    $"'{row.Values["name"]}' is already the name of the limit that {path} sets; choose another name.",
                    row.Origin
                );
            else if ((string)row.Values["name"] == Verification)
                report.Error(
                    "name-taken",
                    $"{place}.name",
                    $"'{Verification}' is reserved for 'gatehouse verify'; choose another name.",
                    row.Origin
                );
        }
    }

    private static void TimesFit(ValueSet v, Inputs inputs, Report report)
    {
        foreach (var (row, place) in Rows(v))
        {
            if ((TimeSpan)row.Values["per"] is var per && (per < TimeSpan.FromSeconds(1) || per > Longest))
                report.Error(
                    "time-unfit",
                    $"{place}.per",
                    $"the period of limit '{row.Values["name"]}' must be between one second and one day.",
                    row.Origin
                );
        }
    }

    private static void NoneTwice(ValueSet v, Inputs inputs, Report report)
    {
        var seen = new Dictionary<(LimitKind, TimeSpan), string>();
        foreach (var (path, name, kind) in Simple.Where(s => v.TryGet<int>(s.Path, out var messages) && messages > 0))
            seen.Add((kind, TimeSpan.FromMinutes(1)), $"{name} ({path})");
        foreach (var (row, place) in Rows(v))
        {
            if (!seen.TryAdd((Kind(row), (TimeSpan)row.Values["per"]), (string)row.Values["name"]))
                report.Error(
                    "limit-repeated",
                    place,
                    $"limit '{row.Values["name"]}' counts the same messages over the same period as "
                        + $"{seen[(Kind(row), (TimeSpan)row.Values["per"])]}, so only the smaller of the two has an effect; remove "
                        + "one.",
                    row.Origin
                );
        }
    }

    private static void SomethingToCount(ValueSet v, Inputs inputs, Report report)
    {
        if (!v.TryGet<object>("mta.domains", out _) || v.Rows("mta.domains").Any(r => ((HostPort)r.Values["destination"]).IsAddress))
            return;
        foreach (var (row, place) in Rows(v).Where(r => Kind(r.Row) == LimitKind.OutboundNetwork))
            report.Warn(
                "nothing-to-count",
                place,
                $"limit '{row.Values["name"]}' counts nothing: no domain in mta.domains has an IP address as its destination.",
                row.Origin
            );
    }

    private static IEnumerable<(Row Row, string Place)> Rows(ValueSet v) =>
        v.Rows("scanner.limits").Select((row, i) => (row, $"scanner.limits[{i + 1}]"));
}

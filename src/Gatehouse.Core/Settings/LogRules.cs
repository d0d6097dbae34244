using System.Collections.Immutable;
using Gatehouse.Core.Reports;

namespace Gatehouse.Core.Settings;

/// <summary>Where logs are collected: what the settings are made of, and the rules about them.</summary>
internal static class LogRules
{
    public static ImmutableArray<Rule> All { get; } = [new("log collectors are members", CollectorsAreMembers)];

    /// <summary>The settings of a node.</summary>
    public static LogSettings Build(ValueSet v)
    {
        var settings = new LogSettings(v.List<string>("cluster.collect_logs"), v.Get<int>("cluster.collected_days"));
        return v.Profile!.Clustered ? settings : LogSettings.None;
    }

    // A name may be that of a node that is yet to join.
    private static void CollectorsAreMembers(ValueSet v, Inputs inputs, Report report)
    {
        if (
            v.Profile is not { Clustered: true }
            || !v.TryGet<string>("system.name", out var own)
            || !v.TryGet<object>("cluster.collect_logs", out _)
        )
            return;
        var names = v.Rows("cluster.peers").Select(r => (string)r.Values["name"]).Append(own).ToArray();
        foreach (var name in v.List<string>("cluster.collect_logs").Where(n => !names.Contains(n)))
            report.Warn(
                "no-member",
                "cluster.collect_logs",
                $"{name} is a log collector but not a member yet; it starts to collect when it has joined.{Nearest.Hint(name, names)}",
                v.OriginOf("cluster.collect_logs")
            );
    }
}

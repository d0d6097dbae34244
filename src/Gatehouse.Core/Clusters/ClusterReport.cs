using System.Collections.Immutable;

namespace Gatehouse.Core.Clusters;

/// <summary>A member and what it answered.</summary>
/// <param name="Node">The member.</param>
/// <param name="Status">What it said; null when it said nothing.</param>
/// <param name="Error">Why there is no answer; empty otherwise.</param>
/// <param name="Problems">What is not well with it.</param>
public sealed record MemberReport(ClusterNode Node, NodeStatus? Status, string Error, ImmutableArray<string> Problems)
{
    /// <summary>When it said that, where it is its last heartbeat; null when it was asked just now.</summary>
    public DateTimeOffset? Heard { get; init; }

    /// <summary>How its replica of the registry stands; null when it has none, or when that is not known.</summary>
    public ReplicaState? Replica { get; init; }

    /// <summary>Whether it is a member that answers and is well and up to date.</summary>
    public bool IsHealthy => Status is not null && Problems.IsEmpty;

    /// <summary>The state in a letter, as pmgcm shows it: A active, S not up to date with the settings, J joining, L leaving; E no
    /// answer.</summary>
    public string State(long wanted) =>
        Node.State switch
        {
            NodeState.Joining => "J",
            NodeState.Leaving => "L",
            _ when Status is null => "E",
            _ => Status.SettingsVersion == wanted ? "A" : "S",
        };
}

/// <summary>The whole cluster at one moment.</summary>
/// <param name="View">What its members act by.</param>
/// <param name="IsCurrent">Whether the view came from the registry just now; otherwise it is the last one this node saw.</param>
/// <param name="Members">Every member, by number.</param>
public sealed record ClusterReport(ClusterView View, bool IsCurrent, ImmutableArray<MemberReport> Members)
{
    /// <summary>Whether everything is well: the registry answers, and every member does and has no problem.</summary>
    public bool IsHealthy => IsCurrent && Members.All(m => m.IsHealthy && m.Node.State == NodeState.Active);

    /// <summary>The head of the table and a row a member, in pmgcm's columns and ours.</summary>
    /// <param name="now">The time.</param>
    public IEnumerable<ImmutableArray<string>> Table(DateTimeOffset now)
    {
        yield return
        [
            "NAME(CID)",
            "IPADDRESS",
            "ROLE-STATE",
            "UPTIME",
            "LOAD",
            "MEM",
            "DISK",
            "VERSION",
            "SETTINGS",
            "SERVICES",
            "QUEUE",
            "CERTIFICATE",
            "SEEN",
        ];
        foreach (var member in Members)
        {
            var (node, status) = (member.Node, member.Status);
            yield return
            [
                Text($"{node.Name}({node.Number})"),
                node.Address.ToString(),
                $"{node.Profile}{(node.Number == View.Cluster.Issuer ? "*" : "")}-{member.State(View.WantedSettings)}",
                status is null ? "-" : Uptime(status.UptimeSeconds),
                status is null ? "-" : Text($"{status.Load:0.00}"),
                status is null ? "-" : Text($"{status.MemoryPercent}%"),
                status is null || status.Partitions.IsEmpty ? "-" : Text($"{status.Partitions.Max(p => p.UsedPercent)}%"),
                status?.Release ?? (node.Release.Length > 0 ? node.Release : "-"),
                Text($"{status?.SettingsVersion ?? node.SettingsVersion}"),
                status is null ? "-" : Text($"{status.Services.Count(s => s.IsActive)}/{status.Services.Length}"),
                status?.Queue is { } queue ? Text($"{queue}") : "-",
                (status?.CertificateExpires ?? node.CertificateExpires) is { } expires ? Text($"{expires:yyyy-MM-dd}") : "-",
                status is not null && member.Heard is null ? "now"
                : (member.Heard ?? node.LastSeen) is { } seen ? Ago(now - seen)
                : "never",
            ];
        }
    }

    // "3 days 02:10", "1 day 21:18" or "05:41", as pmgcm shows it.
    private static string Uptime(long seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        var clock = Text($"{time.Hours:00}:{time.Minutes:00}");
        return time.Days switch
        {
            0 => clock,
            1 => $"1 day {clock}",
            _ => Text($"{time.Days} days {clock}"),
        };
    }

    private static string Ago(TimeSpan time) =>
        time < TimeSpan.FromMinutes(2) ? Text($"{Math.Max(0, time.TotalSeconds):0} s ago")
        : time < TimeSpan.FromHours(2) ? Text($"{time.TotalMinutes:0} min ago")
        : time < TimeSpan.FromDays(2) ? Text($"{time.TotalHours:0} h ago")
        : Text($"{time.TotalDays:0} days ago");

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}

using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Tests.Clusters;

/// <summary>Clusters and what their nodes say, held still.</summary>
internal static class SampleViews
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static ClusterNode Node(int number, string profile = "full", NodeState state = NodeState.Active) =>
        new()
        {
            Number = number,
            Name = $"n{number}.example.org",
            Address = IPAddress.Parse($"192.0.2.{number}"),
            Port = 1028,
            Profile = profile,
            Location = "",
            State = state,
            Release = "0.1.0",
            SettingsVersion = 1,
            CertificateExpires = Now.AddDays(60),
            Joined = Now.AddDays(-30),
            LastSeen = Now.AddSeconds(-3),
            VotesSince = Gatehouse.Core.Screens.Profile.Find(profile)!.Has("database") ? Now.AddDays(-30) : null,
        };

    public static ClusterView View(params ClusterNode[] nodes) =>
        new()
        {
            Cluster = new Gatehouse.Core.Clusters.Cluster("0123456789abcdef0123456789abcdef", "example", 1, 1, Now.AddDays(-30)),
            Nodes = [.. nodes],
            WantedSettings = 1,
            Roots = ["root\n"],
            RevocationLists = ["list\n"],
            Taken = Now,
        };

    public static NodeStatus Status(int number = 1) =>
        new()
        {
            Number = number,
            Name = $"n{number}.example.org",
            Profile = "full",
            Release = "0.1.0",
            Epoch = 1,
            SettingsVersion = 1,
            Clock = Now,
            UptimeSeconds = 20_460,
            Load = 0.5,
            MemoryPercent = 41,
            Partitions = [new("/", 30), new("/var", 62)],
            Services = [new("exim4.service", true), new("nginx.service", true)],
            Queue = 3,
            CertificateExpires = Now.AddDays(60),
            ReachesRegistry = true,
        };

    public static MemberReport Report(ClusterNode node, NodeStatus? status, params string[] problems) =>
        new(node, status, "", [.. problems]);

    public static ClusterReport Report(params MemberReport[] members) =>
        new(View([.. members.Select(m => m.Node)]), true, members.ToImmutableArray());
}

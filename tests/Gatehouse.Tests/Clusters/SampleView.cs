using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Tests.Clusters;

/// <summary>A cluster of four: an issuer with the database, a mail node, another backend, and one that was removed.</summary>
internal static class SampleView
{
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    public static ClusterView Make(long epoch = 1, int issuer = 1) =>
        new()
        {
            Cluster = new Gatehouse.Core.Clusters.Cluster("0123456789abcdef0123456789abcdef", "post", epoch, issuer, Now),
            Nodes =
            [
                Node(1, "db1.example.org", "full", NodeState.Active),
                Node(2, "mx2.example.org", "mail", NodeState.Active),
                Node(3, "db3.example.org", "backend", NodeState.Active),
                Node(4, "mx4.example.org", "mail", NodeState.Removed),
                Node(5, "mx2.example.net", "mail", NodeState.Joining),
            ],
            WantedSettings = 1,
            Roots = ImmutableArray<string>.Empty,
            RevocationLists = ImmutableArray<string>.Empty,
            Taken = Now,
        };

    private static ClusterNode Node(int number, string name, string profile, NodeState state) =>
        new()
        {
            Number = number,
            Name = name,
            Address = IPAddress.Parse($"192.0.2.{number}"),
            Port = 1028,
            Profile = profile,
            Location = "",
            State = state,
            Release = "",
            SettingsVersion = 1,
            CertificateExpires = null,
            Joined = Now,
            LastSeen = null,
        };
}

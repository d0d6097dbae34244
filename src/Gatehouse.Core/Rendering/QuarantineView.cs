using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Gatehouse.Core.Quarantine;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>What templates see of a shared quarantine.</summary>
internal static class QuarantineView
{
    /// <summary>Whether the members synchronise their quarantines.</summary>
    public static bool IsSynchronised(GatewaySettings settings) =>
        settings is { Scanner.QuarantineShared: QuarantineSharing.BuiltIn, System.Profile.Clustered: true };

    /// <summary>Where the peers that share it come from: their own addresses, and the firewalls that they are behind.</summary>
    public static IEnumerable<IPAddress> Sources(GatewaySettings settings) =>
        Sharing(settings).SelectMany(p => new[] { p.Address, p.Former, p.Forwarded }).OfType<IPAddress>().Distinct();

    /// <summary>The section <c>quarantine</c>.</summary>
    public static Dictionary<string, object> Of(GatewaySettings settings, ClusterMaterial? material)
    {
        var scanner = settings.Scanner!;
        var synchronised = IsSynchronised(settings);
        return new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["synchronised"] = synchronised,
            ["by_turns"] = settings.System.Profile.Clustered && scanner.QuarantineShared != QuarantineSharing.Off,
            ["sharing"] = scanner.QuarantineShared switch
            {
                QuarantineSharing.BuiltIn => "built-in",
                QuarantineSharing.FileSystem => "file-system",
                _ => "off",
            },
            ["has_forwarded_address"] = scanner.ForwardedAddress is not null,
            ["forwarded_address"] = scanner.ForwardedAddress?.ToString() ?? "",
            ["forwarded_port"] = scanner.ForwardedPort,
            ["devices"] = synchronised ? Devices(settings) : ImmutableArray<Dictionary<string, object>>.Empty,
            ["certificate"] = synchronised ? Leaf(material?.Node.CertificatePem ?? "") : "",
        };
    }

    private static IEnumerable<Peer> Sharing(GatewaySettings settings) => settings.Cluster.Peers.Where(p => p.Profile.Has("mail"));

    // A peer is known by each of its certificates that are good. Only as the newest one is it called: whoever shows an older
    // one yet, or one that this node does not know yet, calls by himself.
    private static ImmutableArray<Dictionary<string, object>> Devices(GatewaySettings settings) =>
        [
            .. from peer in Sharing(settings)
            from certificate in peer.Certificates.Select((fingerprint, age) => (fingerprint, age))
            let address = peer.Forwarded ?? peer.Address
            select new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["id"] = SyncDevice.Id(certificate.fingerprint),
                ["name"] = peer.Name,
                ["newest"] = certificate.age == 0,
                ["address"] = address.ToString(),
                ["ipv6"] = address.AddressFamily == AddressFamily.InterNetworkV6,
                ["port"] = peer.Port,
            },
        ];

    // Syncthing takes a peer's own certificate alone, without that of the CA.
    private static string Leaf(string chain) => PemEncoding.TryFind(chain, out var fields) ? chain[fields.Location] : chain;
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>
/// Whose rspamd is shown by whom: in a cluster, every node with a management web shows the web interface (the controller) of each member
/// that scans, so that it is the same whichever of them answers.
/// </summary>
internal static class ControllerView
{
    /// <summary>Whether the node's rspamd is shown by other members.</summary>
    /// <param name="settings">The node's settings.</param>
    public static bool IsViewed(GatewaySettings settings) => settings.Mta is not null && !Viewers(settings).IsEmpty;

    /// <summary>The addresses of the other members with a management web.</summary>
    /// <param name="settings">The node's settings.</param>
    public static ImmutableArray<IPAddress> Viewers(GatewaySettings settings) =>
        [
            .. Members
                .Of(settings)
                .With("web")
                .Where(m => m.Name != settings.System.Name)
                .SelectMany(m => new[] { m.Address, m.Former })
                .OfType<IPAddress>()
                .Distinct(),
        ];

    /// <summary>The members that scan, as the node's management web shows them.</summary>
    /// <param name="settings">The node's settings.</param>
    public static ImmutableArray<Dictionary<string, object>> Scanners(GatewaySettings settings) =>
        [
            .. Members
                .Of(settings)
                .With("mail")
                .Select(m =>
                    ViewBuilder.Map(
                        ("name", m.Name),
                        ("own", m.Name == settings.System.Name),
                        ("address", m.Address.ToString()),
                        ("ipv6", m.Address.AddressFamily == AddressFamily.InterNetworkV6)
                    )
                ),
        ];

    /// <summary>The section <c>controller</c> of a node that scans.</summary>
    /// <param name="settings">The node's settings.</param>
    /// <param name="password">What the controller takes from the nginx of its host.</param>
    public static Dictionary<string, object> Of(GatewaySettings settings, Secret password) =>
        ViewBuilder.Map(
            ("password", password),
            ("viewed", IsViewed(settings)),
            ("viewers", Viewers(settings).Select(a => a.ToString()).ToImmutableArray())
        );
}

using System.Net;

namespace Gatehouse.Core.Settings;

/// <summary>Keeps an administrator from closing the firewall on the session they work in.</summary>
public static class SessionGuard
{
    /// <summary>Why the new firewall would cut the session off; null when it would not.</summary>
    public static string? Judge(GatewaySettings settings, RemoteSession? session)
    {
        if (session is null)
            return null;
        var client = session.Client.IsIPv4MappedToIPv6 ? session.Client.MapToIPv4() : session.Client;
        if (IPAddress.IsLoopback(client))
            return null;
        if (session.ServerPort != settings.System.SshPort)
            return $"you are connected to SSH port {session.ServerPort}, but the firewall would open {settings.System.SshPort}. Set "
                + $"system.ssh_port.";
        return settings.System.AdminNetworks.Any(n => n.Contains(client))
            ? null
            : $"you are connected from {client}, which is not in any administration network: the firewall would lock you out. "
                + "Add it to system.admin_networks.";
    }
}

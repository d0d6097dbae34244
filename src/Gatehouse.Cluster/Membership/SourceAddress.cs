using System.Net;
using System.Net.Sockets;
using Gatehouse.Core.Values;

namespace Gatehouse.Cluster.Membership;

/// <summary>Which of this host's addresses its routes choose towards a member: the one at which the members reach it, unless a firewall
/// translates.</summary>
internal static class SourceAddress
{
    /// <summary>The address towards the first member to which there is a route; null when there is none to any. Nothing is sent.</summary>
    /// <param name="members">Where members are.</param>
    public static IPAddress? Towards(IEnumerable<HostPort> members)
    {
        foreach (var member in members)
        {
            try
            {
                foreach (var target in Dns.GetHostAddresses(member.Host))
                    if (Towards(target, member.Port) is { } own)
                        return own;
            }
            catch (SocketException)
            {
                // No such name: the next.
            }
        }

        return null;
    }

    private static IPAddress? Towards(IPAddress target, int port)
    {
        try
        {
            using var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(target, port);
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}

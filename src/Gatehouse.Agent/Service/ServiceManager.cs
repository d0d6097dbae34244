using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Agent.Service;

/// <summary>Tells systemd how far a service is (sd_notify(3)).</summary>
internal static class ServiceManager
{
    /// <summary>Sends a state, such as <c>READY=1</c>; nothing happens where nobody waits for it.</summary>
    public static void Notify(string text)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        // A leading '@' stands for the zero byte of an abstract name.
        socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
        socket.Send(Encoding.UTF8.GetBytes(text));
    }
}

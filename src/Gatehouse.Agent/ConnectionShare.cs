using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Gatehouse.Agent;

/// <summary>Lets no caller have more than a share of the connections, so that one who holds on to all he can get leaves room for the
/// others.</summary>
/// <param name="most">How many connections one caller may have at a time.</param>
internal sealed class ConnectionShare(int most)
{
    private readonly ConcurrentDictionary<string, int> open = new();

    /// <summary>Passes a connection on while its caller has not had his share; one more is closed at once.</summary>
    public async Task PassAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var from = CallerPlace.Of((connection.RemoteEndPoint as IPEndPoint)?.Address);
        try
        {
            if (open.AddOrUpdate(from, 1, (_, count) => count + 1) > most)
                connection.Abort();
            else
                await next(connection);
        }
        finally
        {
            // The last one takes the entry along; who comes in between is counted anew.
            if (open.AddOrUpdate(from, 0, (_, count) => count - 1) <= 0)
                open.TryRemove(new KeyValuePair<string, int>(from, 0));
        }
    }
}

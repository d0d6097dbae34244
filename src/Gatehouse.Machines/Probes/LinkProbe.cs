using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using Gatehouse.Core.Clusters;

namespace Gatehouse.Machines.Probes;

/// <summary>
/// Measures links by TCP handshakes, which need no rights and no program. A refusal is an answer too. A handshake whose first
/// packet, or the answer to it, is lost is repeated by the kernel after a second (RFC 6298): so it is known by how long it took.
/// </summary>
public static class LinkProbe
{
    /// <summary>How long measuring takes at most, however many ends there are.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private const int Tries = 20;
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Repeated = TimeSpan.FromMilliseconds(950);

    /// <summary>Measures all links at the same time.</summary>
    /// <param name="ends">The other ends.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ImmutableArray<LinkSample>> MeasureAsync(IEnumerable<Neighbour> ends, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        var samples = await Task.WhenAll(ends.Select(end => Task.Run(() => MeasureAsync(end, limit.Token), ct)));
        ct.ThrowIfCancellationRequested();
        return [.. samples];
    }

    private static async Task<LinkSample> MeasureAsync(Neighbour end, CancellationToken limit)
    {
        var trips = new ConcurrentBag<TimeSpan>();
        var tasks = new List<Task>();
        for (var i = 0; i < Tries && !limit.IsCancellationRequested; i++)
        {
            tasks.Add(ShakeAsync(end, trips, limit));
            await Task.Delay(Apart, limit)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        await Task.WhenAll(tasks);
        return new LinkSample(end, tasks.Count, [.. trips.Where(t => t < Repeated)], trips.Count);
    }

    private static async Task ShakeAsync(Neighbour end, ConcurrentBag<TimeSpan> trips, CancellationToken limit)
    {
        using var socket = new Socket(end.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var start = Stopwatch.GetTimestamp();
        try
        {
            await socket.ConnectAsync(end.Address, end.Port, limit);
            trips.Add(Stopwatch.GetElapsedTime(start));
            // Nothing was said and nothing is to be said: the other side need not keep it in mind.
            socket.Close(0);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            trips.Add(Stopwatch.GetElapsedTime(start));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Lost, or nobody there.
        }
    }
}

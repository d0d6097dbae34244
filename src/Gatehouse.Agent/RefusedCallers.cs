using System.Collections.Concurrent;
using System.Net;
using Gatehouse.Core.Reports;

namespace Gatehouse.Agent;

/// <summary>Tells of callers whose certificate was not trusted: each reason once a minute, so that nobody fills the journal by
/// calling.</summary>
/// <param name="log">Takes a line.</param>
/// <param name="clock">The time.</param>
internal sealed class RefusedCallers(Action<string> log, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, long> told = new();

    /// <summary>Tells it, unless that was just told.</summary>
    /// <param name="from">Where the caller is.</param>
    /// <param name="why">Why it is not trusted; its code is one of a fixed list.</param>
    public void Note(EndPoint? from, Finding why)
    {
        var now = clock.GetTimestamp();
        if (told.TryGetValue(why.Code, out var last) && clock.GetElapsedTime(last, now) < Pause)
            return;
        told[why.Code] = now;
        log($"a caller from {CallerPlace.Of((from as IPEndPoint)?.Address)} was refused: {why.Path}: {why.Message}");
    }
}

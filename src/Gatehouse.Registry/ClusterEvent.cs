using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Registry;

/// <summary>Something that was done to the cluster.</summary>
/// <param name="Number">Its place in the chain, from 1.</param>
/// <param name="At">When.</param>
/// <param name="Actor">The login that did it: a node's name, and in brackets the administrator there, if one is known; or <c>postgres</c>
/// on the database's host.</param>
/// <param name="Kind">What was done.</param>
/// <param name="Detail">To what.</param>
/// <param name="Previous">The hash of the event before, hexadecimal; zeros before the first.</param>
/// <param name="Hash">SHA-256 of the hash before and of this event's words, hexadecimal.</param>
public sealed record ClusterEvent(long Number, DateTimeOffset At, string Actor, string Kind, string Detail, string Previous, string Hash)
{
    /// <summary>How long events are kept at least; migration 18 of the registry has the same time. Of those older than this the newest
    /// stays.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(400);

    /// <summary>The hash before the first event.</summary>
    public static readonly string Beginning = new('0', 64);

    /// <summary>The hash that this event must have after another one; the database computes the same.</summary>
    public string HashAfter(string previous)
    {
        var words = string.Join(
            '\n',
            Number.ToString(CultureInfo.InvariantCulture),
            At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            Actor,
            Kind,
            Detail
        );
        return Convert.ToHexStringLower(SHA256.HashData([.. Convert.FromHexString(previous), .. Encoding.UTF8.GetBytes(words)]));
    }
}

/// <summary>Whether the chain of events is whole.</summary>
/// <param name="First">The number of the first event that is still there; those before it were older than
/// <see cref="ClusterEvent.KeptFor"/>.</param>
/// <param name="Count">The number of the last event that was found good.</param>
/// <param name="Head">The hash of the last good one. Kept elsewhere, it shows later whether the chain was made anew.</param>
/// <param name="Broken">The number of the first event that is not as it was written; null when all are.</param>
/// <param name="Why">What is wrong with it; empty when nothing is.</param>
public sealed record EventChain(long First, long Count, string Head, long? Broken, string Why)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsWhole => Broken is null;
}

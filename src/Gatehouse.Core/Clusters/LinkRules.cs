using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Clusters;

/// <summary>The other end of a link.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="Address">Where it is reached.</param>
/// <param name="Port">A TCP port of it.</param>
/// <param name="Profile">The name of its profile.</param>
public sealed record Neighbour(string Name, IPAddress Address, int Port, string Profile);

/// <summary>What was measured of a link, by as many handshakes as were tried.</summary>
/// <param name="To">The other end.</param>
/// <param name="Tried">How many handshakes were begun.</param>
/// <param name="RoundTrips">The round trips of those that came through at the first attempt.</param>
/// <param name="Answered">How many came through at all, some of them only after a repetition.</param>
public sealed record LinkSample(Neighbour To, int Tried, ImmutableArray<TimeSpan> RoundTrips, int Answered)
{
    /// <summary>How many did not come through at the first attempt.</summary>
    public int Lost => Tried - RoundTrips.Length;

    /// <summary>The middle one of the round trips; null when none came through.</summary>
    public TimeSpan? RoundTrip => RoundTrips.IsEmpty ? null : RoundTrips.Order().ElementAt(RoundTrips.Length / 2);
}

/// <summary>
/// Which links are too poor for a cluster. Baruwa's documentation of clusters (section "Network quality") asks for links of
/// high quality between the front end and the backend, and names no number; the numbers here are ours. What is said warns and
/// stops nobody.
/// </summary>
public static class LinkRules
{
    /// <summary>
    /// The longest round trip between front end and backend, and between nodes of the backend. A message waits for several
    /// answers of the backend, and etcd's guide to tuning takes 100 ms, its default heartbeat, as the time within which members hear of
    /// each other.
    /// </summary>
    public static readonly TimeSpan LongestRoundTrip = TimeSpan.FromMilliseconds(50);

    /// <summary>The largest part of handshakes that may have to be repeated: one in twenty already costs a second each time (RFC 6298,
    /// 2.1).</summary>
    public const double MostLost = 0.02;

    private static readonly ImmutableArray<string> Backend = ["database", "cache", "mq", "indexer"];

    /// <summary>Whether the quality of the link between nodes of two profiles matters: one end at least is of the backend.</summary>
    /// <param name="one">The name of a profile.</param>
    /// <param name="other">The name of another.</param>
    public static bool Matters(string one, string other) => IsBackend(one) || IsBackend(other);

    /// <summary>What is wrong with links, in words.</summary>
    /// <param name="profile">The profile of the node that measured.</param>
    /// <param name="links">What it measured.</param>
    public static IEnumerable<string> Warnings(string profile, IEnumerable<LinkSample> links)
    {
        foreach (var link in links.Where(l => l.Tried > 0 && Matters(profile, l.To.Profile)))
        {
            var to = $"{link.To.Name} ({link.To.Address})";
            if (link.Answered == 0)
            {
                yield return $"Nothing answers at {to}, TCP port {link.To.Port}. If that host is up, open the port in both directions.";
                continue;
            }

            var problems = new List<string>();
            if (link.Lost > link.Tried * MostLost)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{link.Lost} of {link.Tried} handshakes were lost"));
            if (link.RoundTrip > LongestRoundTrip)
                problems.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the round trip takes {link.RoundTrip.Value.TotalMilliseconds:0} ms, and {LongestRoundTrip.TotalMilliseconds:0} "
                            + $"are enough"
                    )
                );
            if (problems.Count > 0)
                yield return $"The link to {to} is poor: {string.Join("; ", problems)}. Front end and backend need links of high quality; "
                    + $"mend it, or put the two nodes nearer to each other.";
        }
    }

    /// <summary>A sample in a line.</summary>
    public static string Line(LinkSample link) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{link.To.Name} ({link.To.Address}): {(link.RoundTrip is { } trip ? $"{trip.TotalMilliseconds:0.0} ms" : "no answer")}, "
                + $"{link.Lost} of {link.Tried} lost"
        );

    private static bool IsBackend(string profile) => Profile.Find(profile)?.Roles.Intersect(Backend).Any() == true;
}

using System.Collections.Concurrent;
using System.Threading.RateLimiting;

namespace Gatehouse.Agent.Handlers;

/// <summary>
/// Who has shown wrong join codes lately: ten a minute are allowed, twenty at once. Buckets are filled when they are asked for; the
/// framework's own collection of them wakes up ten times a second for as long as it lives, which is most of what an idle agent would do.
/// </summary>
internal sealed class WrongCodes : IDisposable
{
    private const int Remembered = 64;
    private readonly ConcurrentDictionary<string, TokenBucketRateLimiter> buckets = new(StringComparer.Ordinal);

    private static readonly TokenBucketRateLimiterOptions Allowed = new()
    {
        TokenLimit = 20,
        TokensPerPeriod = 10,
        ReplenishmentPeriod = TimeSpan.FromMinutes(1),
        QueueLimit = 0,
        AutoReplenishment = false,
    };

    /// <summary>Whether a caller has to wait before he may show another code.</summary>
    /// <param name="place">Who calls, see <see cref="CallerPlace"/>.</param>
    public bool AreTooMany(string place) => buckets.TryGetValue(place, out var bucket) && Left(bucket) == 0;

    /// <summary>A caller has shown a wrong one.</summary>
    /// <param name="place">Who calls.</param>
    public void Add(string place)
    {
        // Whose bucket is full again is like anybody else.
        if (buckets.Count >= Remembered)
            foreach (var (other, full) in buckets.Where(b => Left(b.Value) == Allowed.TokenLimit))
                buckets.TryRemove(KeyValuePair.Create(other, full));
        var bucket = buckets.GetOrAdd(place, _ => new TokenBucketRateLimiter(Allowed));
        bucket.TryReplenish();
        bucket.AttemptAcquire();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var bucket in buckets.Values)
            bucket.Dispose();
    }

    private static long Left(TokenBucketRateLimiter bucket)
    {
        bucket.TryReplenish();
        return bucket.GetStatistics()?.CurrentAvailablePermits ?? 0;
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Finds out, after connecting failed, what is the matter with each host. All are asked at once.</summary>
internal static class Reachability
{
    /// <summary>What each host answers.</summary>
    public static async Task<ImmutableArray<HostAnswer>> AskAsync(
        ImmutableArray<(DatabaseHost Host, Func<NpgsqlDataSource> Open)> hosts,
        TimeSpan limit,
        CancellationToken ct
    ) => [.. await Task.WhenAll(hosts.Select(h => AskAsync(h.Host, h.Open, limit, ct)))];

    /// <summary>The failure of all hosts together, in words.</summary>
    public static RegistryUnreachableException Explain(ImmutableArray<HostAnswer> answers, Exception cause)
    {
        var lines = answers.Select(a => $"  {a.Host}: {a.Words}");
        var message =
            $"the registry cannot be reached; tried:\n{string.Join('\n', lines)}\ncheck that PostgreSQL runs on one of them and that the "
            + $"network between lets its port through";
        return new RegistryUnreachableException(message, [.. answers.Select(a => new HostFailure(a.Host, a.Words))], cause);
    }

    private static async Task<HostAnswer> AskAsync(DatabaseHost host, Func<NpgsqlDataSource> open, TimeSpan limit, CancellationToken ct)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(limit + TimeSpan.FromSeconds(1));
        try
        {
            await using var source = open();
            await using var command = source.CreateCommand("SELECT pg_is_in_recovery()");
            var standby = (bool)(await command.ExecuteScalarAsync(bounded.Token))!;
            return standby
                ? new(host, false, "it answers, but is a standby and takes no writes")
                : new(host, true, "it answers now; try again");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(host, false, string.Create(CultureInfo.InvariantCulture, $"it did not answer within {limit.TotalSeconds:0.#} s"));
        }
        catch (Exception e) when (Failures.IsOfConnecting(e))
        {
            return new(host, false, Failures.Why(e));
        }
    }
}

/// <summary>What a host answered when it was asked by itself.</summary>
/// <param name="Host">The host.</param>
/// <param name="Usable">Whether it takes writes.</param>
/// <param name="Words">How it is, in words.</param>
internal sealed record HostAnswer(DatabaseHost Host, bool Usable, string Words);

using System.Collections.Immutable;
using System.Globalization;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Finds out, after connecting failed, what is the matter with each host. All are asked at once.</summary>
internal static class Reachability
{
    /// <summary>The failure of all hosts together, in words.</summary>
    public static async Task<RegistryUnreachableException> ExplainAsync(ImmutableArray<(DatabaseHost Host, Func<NpgsqlDataSource> Open)> hosts, TimeSpan limit, Exception cause, CancellationToken ct)
    {
        var failures = await Task.WhenAll(hosts.Select(h => AskAsync(h.Host, h.Open, limit, ct)));
        var lines = failures.Select(f => $"  {f.Host}: {f.Why}");
        var message = $"the registry cannot be reached; tried:\n{string.Join('\n', lines)}\ncheck that PostgreSQL runs on one of them and that the network between lets its port through";
        return new RegistryUnreachableException(message, [.. failures], cause);
    }

    private static async Task<HostFailure> AskAsync(DatabaseHost host, Func<NpgsqlDataSource> open, TimeSpan limit, CancellationToken ct)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(limit + TimeSpan.FromSeconds(1));
        try
        {
            await using var source = open();
            await using var command = source.CreateCommand("SELECT pg_is_in_recovery()");
            var standby = (bool)(await command.ExecuteScalarAsync(bounded.Token))!;
            return new HostFailure(host, standby ? "it answers, but is a standby and takes no writes" : "it answers now; try again");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new HostFailure(host, string.Create(CultureInfo.InvariantCulture, $"it did not answer within {limit.TotalSeconds:0.#} s"));
        }
        catch (NpgsqlException e)
        {
            return new HostFailure(host, Failures.Why(e));
        }
    }
}

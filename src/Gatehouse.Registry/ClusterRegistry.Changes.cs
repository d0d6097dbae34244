using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Gatehouse.Registry;

/// <summary>Hearing of changes.</summary>
public sealed partial class ClusterRegistry
{
    /// <summary>
    /// A word for every change from now on (<c>cluster</c>, <c>nodes</c>, <c>settings</c>, <c>commands</c>, <c>results</c>,
    /// <c>revocation</c>, <c>authorities</c>, <c>secrets</c>); <c>listening</c> comes first, when listening has begun. Any member
    /// can send such words: they are a reason to look, and nothing else. It ends when this registry
    /// is disposed, and by an exception when the connection breaks.
    /// </summary>
    public async IAsyncEnumerable<string> ChangesAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        await using var lease = await ConnectAsync(ct);
        var connection = lease.Connection;
        var heard = new ConcurrentQueue<string>();
        connection.Notification += (_, notice) => heard.Enqueue(notice.Payload);
        await GuardAsync(() => ScalarOnAsync<object>(connection, new("LISTEN gatehouse"), ct));
        yield return "listening";
        while (true)
        {
            while (heard.TryDequeue(out var word))
                yield return word;
            if (!await HearAsync(connection, ct))
                yield break;
        }
    }

    private async Task<bool> HearAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, closing.Token);
        try
        {
            await GuardAsync(() => connection.WaitAsync(either.Token));
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (NpgsqlException e)
        {
            throw Failures.Of(e);
        }
    }
}

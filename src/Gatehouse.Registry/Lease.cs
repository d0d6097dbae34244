using Npgsql;

namespace Gatehouse.Registry;

/// <summary>A connection and its place in the pool. Who finds all places taken waits in line, however long that is: a crowd is not an
/// error.</summary>
internal sealed class Lease(NpgsqlConnection connection, SemaphoreSlim places) : IAsyncDisposable
{
    private bool given;

    /// <summary>The connection.</summary>
    public NpgsqlConnection Connection { get; } = connection;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (given)
            return;
        given = true;
        try
        {
            await Connection.DisposeAsync();
        }
        finally
        {
            places.Release();
        }
    }
}

using Npgsql;

namespace Gatehouse.Registry;

/// <summary>What only one at a time may run in a cluster.</summary>
public enum ClusterSequence
{
    /// <summary>Starting the cluster.</summary>
    Bootstrap = 1,

    /// <summary>Moving the issuer's duty.</summary>
    Promote = 2,

    /// <summary>Rotating the root.</summary>
    Rotate = 3,

    /// <summary>Upgrading the members.</summary>
    Upgrade = 4,

    /// <summary>Putting a backup back.</summary>
    Restore = 5,

    /// <summary>Removing a member.</summary>
    Remove = 6,

    /// <summary>Changing which database nodes vote about who takes writes.</summary>
    Quorum = 7,
}

/// <summary>A sequence that this program runs. It ends when disposed of, or when the connection breaks.</summary>
public sealed class SequenceLock : IAsyncDisposable
{
    private readonly Lease lease;
    private readonly Statement unlock;

    internal SequenceLock(Lease lease, Statement unlock) => (this.lease, this.unlock) = (lease, unlock);

    /// <summary>Whether it is still held; false after the connection broke, when others may have begun.</summary>
    public async Task<bool> IsHeldAsync(CancellationToken ct = default)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT 1", lease.Connection);
            await command.ExecuteScalarAsync(ct);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await using var command = unlock.On(lease.Connection);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // The connection broke, and the lock went with it.
        }

        await lease.DisposeAsync();
    }
}

/// <summary>Locks of sequences.</summary>
public sealed partial class ClusterRegistry
{
    private const int SequenceClass = 0x6761;

    /// <summary>Takes the lock of a sequence.</summary>
    /// <exception cref="RegistryException">Somebody else runs it; the message says who and since when.</exception>
    public async Task<SequenceLock> LockAsync(ClusterSequence sequence, CancellationToken ct = default)
    {
        var lease = await ConnectAsync(ct);
        try
        {
            if (await ScalarOnAsync<bool>(lease.Connection, new("SELECT pg_try_advisory_lock($1, $2)", SequenceClass, (int)sequence), ct))
                return new SequenceLock(lease, new("SELECT pg_advisory_unlock($1, $2)", SequenceClass, (int)sequence));
        }
        catch (NpgsqlException e)
        {
            await lease.DisposeAsync();
            throw Failures.Of(e);
        }

        await lease.DisposeAsync();
        var holder = (
            await RowsAsync(
                new("SELECT login, address, since FROM gatehouse.lock_holder($1, $2)", SequenceClass, (int)sequence),
                r => $"{r.GetString(0)} ({r.GetString(1)}, connected since {r.Time(2).ToWords()})",
                ct
            )
        ).FirstOrDefault("somebody else, who has just ended");
        throw new RegistryException(
            RegistryFailure.Locked,
            $"{sequence.ToWord()} is being run by {holder}; wait until that is done and run it again"
        );
    }
}

using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;

namespace Gatehouse.Tests.Machines;

/// <summary>The end of the process at some point: nothing in the program under test catches it.</summary>
internal sealed class KilledException : Exception;

/// <summary>What goes wrong, and when.</summary>
internal enum Fault
{
    None,

    /// <summary>The process ends just before the operation; every later one finds it dead.</summary>
    KilledBefore,

    /// <summary>The process ends just after it.</summary>
    KilledAfter,

    /// <summary>The process ends when half of a file lies under its temporary name.</summary>
    KilledWithin,

    /// <summary>The operation fails once.</summary>
    Fails,

    /// <summary>From this operation on no file can be written; taking a large file away ends that.</summary>
    DiskFull,
}

/// <summary>A machine on which the operation with a given number goes wrong.</summary>
internal sealed class FaultyMachine(IMachine inner, Fault fault, int number) : IMachine
{
    private int count;
    private bool dead;
    private bool full;

    /// <summary>How many operations there were.</summary>
    public int Operations => count;

    /// <summary>Whether the fault came to pass.</summary>
    public bool Struck { get; private set; }

    public string Name => inner.Name;

    public bool IsLive => inner.IsLive;

    public ValueTask<FileContent?> ReadAsync(string path, CancellationToken ct) => Do(path, () => inner.ReadAsync(path, ct));

    public ValueTask<PathState> StatAsync(string path, CancellationToken ct) => Do(path, () => inner.StatAsync(path, ct));

    public ValueTask<ImmutableArray<string>> ListAsync(string path, CancellationToken ct) => Do(path, () => inner.ListAsync(path, ct));

    public ValueTask<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct) =>
        Do(command.ToString(), () => inner.RunAsync(command, onLine, ct));

    public async ValueTask WriteAsync(string path, Item item, CancellationToken ct) =>
        await Do(
            path,
            async () =>
            {
                if (full)
                    throw new MachineException($"{path} cannot be written: No space left on device");
                await inner.WriteAsync(path, item, ct);
                return true;
            },
            () => Half(path, item)
        );

    public async ValueTask RemoveAsync(string path, CancellationToken ct) =>
        await Do(
            path,
            async () =>
            {
                if (full && await inner.ReadAsync(path, ct) is { Bytes.Length: > 100_000 })
                    full = false;
                await inner.RemoveAsync(path, ct);
                return true;
            }
        );

    private async ValueTask<T> Do<T>(string what, Func<ValueTask<T>> operation, Action? half = null)
    {
        if (dead)
            throw new KilledException();
        var now = count++ == number;
        Struck |= now;
        if (!now)
            return await operation();
        switch (fault)
        {
            case Fault.Fails:
                throw new MachineException($"injected: {what} fails");
            case Fault.DiskFull:
                full = true;
                break;
            case Fault.KilledWithin:
                half?.Invoke();
                break;
            case Fault.KilledAfter:
                _ = await operation();
                break;
        }

        if (fault is not (Fault.KilledBefore or Fault.KilledAfter or Fault.KilledWithin))
            return await operation();
        dead = true;
        throw new KilledException();
    }

    private void Half(string path, Item item)
    {
        if (item.Content is null || inner is not LocalMachine local)
            return;
        var real = local.Real(path);
        Directory.CreateDirectory(Path.GetDirectoryName(real)!);
        File.WriteAllBytes(
            Path.Combine(Path.GetDirectoryName(real)!, $".{Path.GetFileName(real)}.gatehouse-new"),
            item.Content.Bytes.Span[..(item.Content.Bytes.Length / 2)]
        );
    }
}

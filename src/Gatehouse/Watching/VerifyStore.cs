using Gatehouse.Core.Rendering;
using Gatehouse.Core.Status;
using Gatehouse.Core.Values;
using Gatehouse.Machines;

namespace Gatehouse.Watching;

/// <summary>The record of the last verification, on the host's disk.</summary>
internal static class VerifyStore
{
    /// <summary>The record; null when there is none.</summary>
    public static async Task<VerifyRecord?> ReadAsync(LocalMachine machine, CancellationToken ct) =>
        await machine.ReadAsync(VerifyRecord.Path, ct) is { } content ? VerifyRecord.Read(content.Bytes.Span) : null;

    /// <summary>Keeps a record.</summary>
    public static ValueTask WriteAsync(LocalMachine machine, VerifyRecord record, CancellationToken ct) =>
        machine.WriteAsync(VerifyRecord.Path, new Item(EntryKind.File, Ownership.Private, new FileContent(record.Write())), ct);

    /// <summary>Records a verification that just ended. A record that cannot be written changes nothing about its result.</summary>
    /// <param name="machine">The host.</param>
    /// <param name="clock">The time.</param>
    /// <param name="failures">What failed.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task RecordAsync(LocalMachine machine, TimeProvider clock, IEnumerable<string> failures, CancellationToken ct)
    {
        try
        {
            await WriteAsync(machine, VerifyRecord.After(await ReadAsync(machine, ct), clock.GetUtcNow(), failures), ct);
        }
        catch (MachineException e)
        {
            Console.Error.WriteLine($"warning: the result is not recorded for 'gatehouse status': {e.Message}");
        }
    }
}

using System.CommandLine;
using Gatehouse.Machines;
using Gatehouse.Terminal;

namespace Gatehouse.Printing;

/// <summary>Says which records of the history cannot be read; what is told beside it comes from the others.</summary>
internal static class DamagedRecords
{
    /// <summary>A sentence each on standard error.</summary>
    public static async Task TellAsync(ParseResult parse, CancellationToken ct)
    {
        var store = new GenerationStore(GlobalOptions.Machine(parse));
        var damage = await store.DamageAsync(ct);
        foreach (var line in damage)
            Console.Error.WriteLine($"gatehouse: {line}");
        if (!damage.IsEmpty && await store.CurrentAsync(ct) is { } current)
            Console.Error.WriteLine($"gatehouse: the newest readable generation is {current.Number}; the rest of the output refers to it.");
    }
}

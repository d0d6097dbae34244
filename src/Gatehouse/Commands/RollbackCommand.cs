using System.CommandLine;
using Gatehouse.Machines;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse rollback [N]</c></summary>
internal static class RollbackCommand
{
    public static Command Create()
    {
        var number = new Argument<int?>("N") { Description = "The generation to go back to; without it, the one before. 0 is the host before Gatehouse.", Arity = ArgumentArity.ZeroOrOne };
        var interrupted = new Option<bool>("--interrupted") { Description = "Only put back an apply that was cut off by a kill or power loss." };
        var command = new Command("rollback", "Puts an earlier generation back in place, files and services; packages stay installed.\n\nExample: gatehouse rollback 3") { number, interrupted };
        command.SetAction((parse, ct) => parse.GetValue(interrupted) ? RecoverAsync(parse, ct) : RunAsync(parse, parse.GetValue(number), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, int? number, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem) return Refuse(problem);
        var machine = GlobalOptions.Machine(parse);
        using var only = ApplyLock.Take(machine.Real(GenerationStore.Home));
        var store = new GenerationStore(machine);
        var applier = new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse));
        if (await applier.RecoverAsync(ct) is { } cut && number is null)
        {
            Console.Out.WriteLine($"Generation {cut.Number} was cut off and has been put back.");
            return ExitCodes.Done;
        }

        var all = await store.AllAsync(ct);
        var target = number is { } n ? all.FirstOrDefault(g => g.Number == n) : all.Where(g => g.IsGood).SkipLast(1).LastOrDefault() ?? all.FirstOrDefault(g => g.Number == 0);
        if (target is null) return Refuse(number is null ? "there is no generation to go back to." : $"there is no generation {number}; 'gatehouse history' lists them.");
        if (target is not ({ IsGood: true } or { Number: 0 })) return Refuse($"generation {target.Number} never worked ({Json.StateText(target.State)}); choose one that is 'good'.");
        return ApplyReport.Write(parse, await applier.ApplyAsync(await store.NodeAsync(target, ct), $"rollback to {target.Number}", ct));
    }

    private static async Task<int> RecoverAsync(ParseResult parse, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem) return Refuse(problem);
        var machine = GlobalOptions.Machine(parse);
        using var only = ApplyLock.Take(machine.Real(GenerationStore.Home));
        var cut = await new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse)).RecoverAsync(ct);
        Console.Out.WriteLine(cut is null ? "No apply was cut off; nothing to put back." : $"Generation {cut.Number} was cut off and has been put back.");
        return ExitCodes.Done;
    }

    private static int Refuse(string why)
    {
        Console.Error.WriteLine($"gatehouse: refused: {why}");
        return ExitCodes.Refused;
    }
}

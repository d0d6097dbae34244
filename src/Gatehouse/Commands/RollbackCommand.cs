using System.Collections.Immutable;
using System.CommandLine;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Planning;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse rollback [N]</c></summary>
internal static class RollbackCommand
{
    public static Command Create()
    {
        var number = new Argument<int?>("N")
        {
            Description = "The generation to return to; by default the previous one. 0 is the state before Gatehouse.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var interrupted = new Option<bool>("--interrupted")
        {
            Description = "Only roll back an apply that was interrupted by a kill or a power loss.",
        };
        var command = new Command(
            "rollback",
            "Returns to an earlier generation: restores its files and services; packages stay installed.\n\nExample: gatehouse rollback 3"
        )
        {
            number,
            interrupted,
        };
        command.SetAction(
            (parse, ct) => parse.GetValue(interrupted) ? RecoverAsync(parse, ct) : RunAsync(parse, parse.GetValue(number), ct)
        );
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, int? number, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem)
            return Refuse(problem);
        var machine = GlobalOptions.Machine(parse);
        if (machine.IsLive && new ClusterFiles(machine).Node is { IsMember: true })
            return await MemberCommand.RunAsync(parse, () => MemberRollback.RunAsync(parse, machine, number, ct));
        using var outlives = HangUp.Outlive();
        using var only = ApplyLock.Take(machine.Real(GenerationStore.Home));
        var store = new GenerationStore(machine);
        var applier = new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse));
        if (await applier.RecoverAsync(ct) is { } cut && number is null)
        {
            Console.Out.WriteLine($"Generation {cut.Number} was interrupted and has been rolled back.");
            return ExitCodes.Done;
        }

        var all = await store.AllAsync(ct);
        var (target, refusal) = await TargetAsync(store, all, number, RollbackTarget.Before(all), ct);
        return target is null
            ? Refuse(refusal)
            : ApplyReport.Write(parse, await applier.ApplyAsync(await store.NodeAsync(target, ct), $"rollback to {target.Number}", ct));
    }

    /// <summary>The generation that was asked for, or the one to go back to without a number; or why there is none to go back to.</summary>
    internal static async Task<(Generation? Target, string Refusal)> TargetAsync(
        GenerationStore store,
        ImmutableArray<Generation> all,
        int? number,
        Generation? before,
        CancellationToken ct
    )
    {
        if (number is { } asked && await store.IsDamagedAsync(asked, ct))
            return (null, (await store.DamageAsync(ct)).First(d => d.Contains($"/{asked}.json ", StringComparison.Ordinal)));
        var target = number is { } n ? all.FirstOrDefault(g => g.Number == n) : before;
        if (target is null)
            return (
                null,
                number is null
                    ? "there is no generation to return to."
                    : $"there is no generation {number}; 'gatehouse history' lists them."
            );
        return target.IsTarget
            ? (target, "")
            : (null, $"generation {target.Number} never worked ({Json.StateText(target.State)}); choose one that is 'good' or 'edited'.");
    }

    private static async Task<int> RecoverAsync(ParseResult parse, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem)
            return Refuse(problem);
        var machine = GlobalOptions.Machine(parse);
        using var only = ApplyLock.Take(machine.Real(GenerationStore.Home));
        var cut = await new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse)).RecoverAsync(ct);
        Console.Out.WriteLine(
            cut is null
                ? "No apply was interrupted; nothing to roll back."
                : $"Generation {cut.Number} was interrupted and has been rolled back."
        );
        return ExitCodes.Done;
    }

    private static int Refuse(string why)
    {
        Console.Error.WriteLine($"gatehouse: refused: {why}");
        return ExitCodes.Refused;
    }
}

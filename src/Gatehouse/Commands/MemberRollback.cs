using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Planning;
using Gatehouse.Machines;
using Gatehouse.Printing;

namespace Gatehouse.Commands;

/// <summary>
/// Rollback on a member of a cluster. Its files would be brought back to what the registry holds before long, and those of an earlier
/// generation know other members; so what goes back is the settings, for all members, like any other change of them.
/// </summary>
internal static class MemberRollback
{
    // For root alone, and gone when the command ends: answers may hold passwords.
    private const string Answers = "/var/lib/gatehouse/rollback.yaml";

    /// <summary>Proposes the settings of an earlier generation.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="machine">This host.</param>
    /// <param name="number">The generation; null for the newest whose answers were others.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="SequenceException">There is nothing to go back to.</exception>
    public static async Task<int> RunAsync(ParseResult parse, LocalMachine machine, int? number, CancellationToken ct)
    {
        var store = new GenerationStore(machine);
        var all = await store.AllAsync(ct);
        var (target, refusal) = await RollbackCommand.TargetAsync(store, all, number, Before(all), ct);
        if (target is null)
            throw new SequenceException(ExitCodes.Refused, refusal);
        if (target.Number == 0)
            throw new SequenceException(
                ExitCodes.Refused,
                "this host is a member of a cluster and would sync again immediately. Run 'gatehouse leave' first; then "
                    + "'gatehouse rollback 0' restores the host."
            );
        if (!target.IsGood)
            throw new SequenceException(
                ExitCodes.Refused,
                $"generation {target.Number} contains edits made by hand. A rollback on a member cannot restore them, "
                    + $"because its settings are the cluster's. 'gatehouse history show {target.Number}' shows what was edited."
            );
        if (AnswersOf(target) is not { Length: > 0 } hash)
            throw new SequenceException(
                ExitCodes.Refused,
                $"generation {target.Number} contains no answers; choose another one ('gatehouse history')."
            );
        var log = new ConsoleLog(parse);
        log.Note($"This host is a member of a cluster: the settings of generation {target.Number} become those of all members");
        try
        {
            await new ClusterFiles(machine).WritePrivateAsync(
                Answers,
                Encoding.UTF8.GetString((await store.NodeAsync(target, ct)).Contents[hash].Bytes.Span),
                ct
            );
            return await AnswersInput.RenderToActAsync(parse, machine.Real(Answers), ct) is { } input
                ? await ApplyCommand.ProposeAsync(parse, input, log, ct)
                : ExitCodes.BadInput;
        }
        finally
        {
            await machine.RemoveAsync(Answers, CancellationToken.None);
        }
    }

    // Generations of a member also come from members that joined or left; going back to such a one changes no setting.
    private static Generation? Before(ImmutableArray<Generation> all) =>
        all.LastOrDefault(g => g.IsGood) is { } current
            ? all.LastOrDefault(g => g.IsGood && g.Number != 0 && g.Number < current.Number && AnswersOf(g) != AnswersOf(current))
            : null;

    private static string? AnswersOf(Generation generation) =>
        generation.Node.Entries.FirstOrDefault(e => e.Path == AnswersInForce.Path)?.Hash;
}

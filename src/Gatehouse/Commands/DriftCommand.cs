using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse drift</c></summary>
internal static class DriftCommand
{
    public static Command Create()
    {
        var names = new Option<bool>("--restore-names")
        {
            Description = "Only restore Gatehouse's lines in /etc/hosts and /etc/resolv.conf if another program has rewritten these files.",
        };
        var command = new Command(
            "drift",
            "Lists files that were changed outside Gatehouse. Exits 1 if there are any.\n\nExample: gatehouse drift"
        )
        {
            names,
        };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(names), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, bool restoresNames, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        if (restoresNames)
            return await RestoreNamesAsync(parse, machine, ct);
        await DamagedRecords.TellAsync(parse, ct);
        if (await new GenerationStore(machine).InterruptedAsync(ct) is { } cut)
            return Interrupted(parse, cut, ApplyLock.IsHeld(machine.Real(GenerationStore.Home)));
        if (
            await new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse)).DriftAsync(ct)
            is not var (current, drift)
        )
        {
            Console.Error.WriteLine($"gatehouse: {NoRecord.Words(machine)}");
            return ExitCodes.Failed;
        }

        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["generation"] = current.Number,
                        ["drift"] = new JsonArray([
                            .. drift.Select(d => (JsonNode)new JsonObject { ["path"] = d.Entry.Path, ["what"] = What(d.Entry, d.Actual) }),
                        ]),
                        ["site_templates"] = new JsonArray([.. current.Node.Overridden.Select(o => (JsonNode)o)]),
                    }
                )
            );
        else
            Write(current, drift);
        return drift.IsEmpty ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task<int> RestoreNamesAsync(ParseResult parse, LocalMachine machine, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem)
        {
            Console.Error.WriteLine($"gatehouse: refused: {problem}");
            return ExitCodes.Refused;
        }

        // The lock is taken only when there is something to write: an apply that begins meanwhile must not find it taken for a look.
        var applier = new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse));
        if (ApplyLock.IsHeld(machine.Real(GenerationStore.Home)) || await applier.DriftAsync(ct) is not var (_, drift))
            return ExitCodes.Done;
        if (!drift.Any(d => OwnLines.Kinds.Contains(d.Entry.Keeps)))
            return ExitCodes.Done;
        using var only = ApplyLock.Take(machine.Real(GenerationStore.Home));
        foreach (var path in await applier.RestoreSharedAsync(ct))
            Console.Out.WriteLine($"{path} had been rewritten; Gatehouse's lines are restored, and the other lines are kept.");
        return ExitCodes.Done;
    }

    // What is half done is no edit by hand.
    private static int Interrupted(ParseResult parse, Generation cut, bool isApplying)
    {
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(new JsonObject { [isApplying ? "applying" : "interrupted"] = cut.Number }));
        else
            Console.Out.WriteLine(
                isApplying
                    ? $"Generation {cut.Number} is being applied right now."
                    : $"Generation {cut.Number} was interrupted while it was being applied: some files are new, others are "
                        + "still the old ones. 'gatehouse rollback --interrupted' restores the previous state; so does the next "
                        + "apply."
            );
        return ExitCodes.Failed;
    }

    private static void Write(
        Generation current,
        System.Collections.Immutable.ImmutableArray<(RenderedEntry Entry, PathState Actual)> drift
    )
    {
        foreach (var (entry, actual) in drift)
            Console.Out.WriteLine(
                $"{entry.Path}: {What(entry, actual)}{(IsAnswers(entry, actual) ? "; 'gatehouse apply' applies these answers" : "")}"
            );
        foreach (var path in current.Node.Overridden)
            Console.Out.WriteLine($"{Shipped.SiteTemplates}/{path}: the site's own template is in use");
        // The answers are the one file that is meant to be edited.
        var files = drift.Count(d => !IsAnswers(d.Entry, d.Actual));
        if (drift.IsEmpty)
            Console.Out.WriteLine($"No drift: everything is as generation {current.Number} left it.");
        else if (files == 0)
            Console.Out.WriteLine($"Only the answers have changed since generation {current.Number}.");
        else
            Console.Out.WriteLine(
                $"{files} changed since generation {current.Number}. 'gatehouse apply' replaces them with the configured "
                    + "content; 'gatehouse rollback' then restores the edits."
            );
    }

    private static bool IsAnswers(RenderedEntry entry, PathState actual) =>
        entry.Path == AnswersInForce.Path && actual.Kind == EntryKind.File && actual.Hash != entry.Hash;

    private static string What(RenderedEntry entry, PathState actual) =>
        actual.Kind == EntryKind.Absent ? "gone"
        : entry.Kind == EntryKind.Absent ? "exists again"
        : actual.Kind != entry.Kind ? $"is a {actual.Kind.ToString().ToLowerInvariant()} now"
        : actual.Hash != entry.Hash || actual.Target != entry.Target ? "edited"
        : $"owner and mode are {actual.Owner}, not {entry.Owner}";
}

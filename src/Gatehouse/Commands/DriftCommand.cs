using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse drift</c></summary>
internal static class DriftCommand
{
    public static Command Create()
    {
        var command = new Command("drift", "Lists files that were changed behind Gatehouse's back. Exits 1 when there are any.\n\nExample: gatehouse drift");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        if (await new GenerationStore(machine).CurrentAsync(ct) is not { } current)
        {
            Console.Error.WriteLine("gatehouse: nothing was applied here yet, so nothing can have drifted.");
            return ExitCodes.Failed;
        }

        var drift = Planner.Drift(current, await ActualProbe.LookAsync(machine, current.Node, current, ct));
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(new JsonObject
            {
                ["generation"] = current.Number,
                ["drift"] = new JsonArray([.. drift.Select(d => (JsonNode)new JsonObject { ["path"] = d.Entry.Path, ["what"] = What(d.Entry, d.Actual) })]),
                ["site_templates"] = new JsonArray([.. current.Node.Overridden.Select(o => (JsonNode)o)]),
            }));
        else Write(current, drift);
        return drift.IsEmpty ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Write(Generation current, System.Collections.Immutable.ImmutableArray<(RenderedEntry Entry, PathState Actual)> drift)
    {
        foreach (var (entry, actual) in drift) Console.Out.WriteLine($"{entry.Path}: {What(entry, actual)}");
        foreach (var path in current.Node.Overridden) Console.Out.WriteLine($"{Shipped.SiteTemplates}/{path}: this site's own template is in use");
        Console.Out.WriteLine(drift.IsEmpty
            ? $"Everything is as generation {current.Number} left it."
            : $"{drift.Length} changed since generation {current.Number}. 'gatehouse apply' puts them back and keeps the edits for rollback.");
    }

    private static string What(RenderedEntry entry, PathState actual) =>
        actual.Kind == EntryKind.Absent ? "gone"
        : entry.Kind == EntryKind.Absent ? "has come back"
        : actual.Kind != entry.Kind ? $"is a {actual.Kind.ToString().ToLowerInvariant()} now"
        : actual.Hash != entry.Hash || actual.Target != entry.Target ? "edited"
        : $"owner and mode are {actual.Owner}, not {entry.Owner}";
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Machines;
using Spectre.Console;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse history</c></summary>
internal static class HistoryCommand
{
    public static Command Create()
    {
        var command = new Command("history", "Lists the generations of this host, newest last.\n\nExample: gatehouse history --json");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var store = new GenerationStore(GlobalOptions.Machine(parse));
        var all = await store.AllAsync(ct);
        var current = (await store.CurrentAsync(ct))?.Number;
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(Json.Text(new JsonObject { ["current"] = current, ["generations"] = new JsonArray([.. all.Select(g => (JsonNode)Json.Generation(g))]) }));
            return ExitCodes.Done;
        }

        if (all.IsEmpty)
        {
            Console.Out.WriteLine("Gatehouse has changed nothing here yet.");
            return ExitCodes.Done;
        }

        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        table.AddColumns("NUMBER", "TIME", "STATE", "CHANGES", "REASON");
        foreach (var g in all)
            table.AddRow(new Text($"{g.Number}{(g.Number == current ? "*" : "")}"), new Text(g.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss")), new Text(Json.StateText(g.State)), new Text($"{g.Summary.Length}"), new Text(g.Reason));
        Plain().Write(table);
        return ExitCodes.Done;
    }

    private static IAnsiConsole Plain()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(Console.Out) });
        // A pipe has no width; rows must not be folded there.
        if (Console.IsOutputRedirected) console.Profile.Width = 160;
        return console;
    }
}

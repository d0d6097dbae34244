using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Planning;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;
using Spectre.Console;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse history [show N]</c></summary>
internal static class HistoryCommand
{
    private const string Unreadable = "unreadable";

    public static Command Create()
    {
        var number = new Argument<int>("N") { Description = "The generation." };
        var show = new Command(
            "show",
            "Shows one generation: who applied it, which settings changed, and each step.\n\nExample: gatehouse history show 3"
        )
        {
            number,
        };
        show.SetAction((parse, ct) => ShowAsync(parse, parse.GetValue(number), ct));
        var command = new Command("history", "Lists the generations of this host, the newest last.\n\nExample: gatehouse history --json")
        {
            show,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        var store = new GenerationStore(machine);
        var all = await store.AllAsync(ct);
        var damaged = await store.DamagedAsync(ct);
        foreach (var line in await store.DamageAsync(ct))
            Console.Error.WriteLine($"gatehouse: {line}");
        var current = (await store.CurrentAsync(ct))?.Number;
        var applying = ApplyLock.IsHeld(machine.Real(GenerationStore.Home));
        var changes = await ChangesAsync(store, all, ct);
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["current"] = current,
                        ["generations"] = new JsonArray([
                            .. all.Select(g => (g.Number, Node: (JsonNode)Of(g, changes, applying)))
                                .Concat(
                                    damaged.Select(d =>
                                        (Number: d, Node: (JsonNode)new JsonObject { ["number"] = d, ["state"] = Unreadable })
                                    )
                                )
                                .OrderBy(g => g.Number)
                                .Select(g => g.Node),
                        ]),
                    }
                )
            );
            return ExitCodes.Done;
        }

        if (all.IsEmpty && damaged.IsEmpty)
        {
            Console.Out.WriteLine("Gatehouse has changed nothing here yet.");
            return ExitCodes.Done;
        }

        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        table.AddColumns("NUMBER", "TIME", "STATE", "CHANGES", "REASON", "BY", "SETTINGS");
        foreach (var number in all.Select(g => g.Number).Concat(damaged).Order())
        {
            if (all.FirstOrDefault(g => g.Number == number) is not { } g)
            {
                table.AddRow($"{number}", "", Unreadable, "", "", "", "");
                continue;
            }

            table.AddRow(
                new Text($"{g.Number}{(g.Number == current ? "*" : "")}"),
                new Text(g.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss")),
                new Text(Json.StateText(g.State, applying)),
                new Text($"{g.Summary.Length}"),
                new Text(g.Reason),
                new Text(g.By),
                new Text(Keys(changes.GetValueOrDefault(g.Number, [])))
            );
        }

        Plain().Write(table);
        return ExitCodes.Done;
    }

    private static async Task<int> ShowAsync(ParseResult parse, int number, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        var store = new GenerationStore(machine);
        var all = await store.AllAsync(ct);
        // Fails with a sentence when it is there and cannot be read.
        if (await store.FindAsync(number, ct) is not { } generation)
        {
            Console.Error.WriteLine($"gatehouse: there is no generation {number}; 'gatehouse history' lists them.");
            return ExitCodes.BadInput;
        }

        var applying = ApplyLock.IsHeld(machine.Real(GenerationStore.Home));
        var changes = await ChangesAsync(store, all, ct);
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(Json.Text(Of(generation, changes, applying)));
            return ExitCodes.Done;
        }

        Console.Out.WriteLine(
            $"Generation {number}, {Json.StateText(generation.State, applying)}: {generation.Reason}, "
                + $"{generation.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}{(generation.By.Length > 0 ? $", by {generation.By}" : "")}"
        );
        foreach (
            var (title, lines) in new[]
            {
                ("Settings:", changes.GetValueOrDefault(number, []).Select(c => c.ToString())),
                ("Changes:", generation.Summary.AsEnumerable()),
            }
        )
        {
            var texts = lines.ToArray();
            if (texts.Length > 0)
                Console.Out.WriteLine(title);
            foreach (var line in texts)
                Console.Out.WriteLine($"  {line}");
        }

        return ExitCodes.Done;
    }

    // The settings that each generation changed; none for one that has nothing before it.
    private static async Task<Dictionary<int, ImmutableArray<AnswerChange>>> ChangesAsync(
        GenerationStore store,
        ImmutableArray<Generation> all,
        CancellationToken ct
    )
    {
        var changes = new SettingChanges(store, Shipped.Screens());
        var found = new Dictionary<int, ImmutableArray<AnswerChange>>();
        foreach (var generation in all)
            if (await changes.OfAsync(generation, all, ct) is { IsEmpty: false } some)
                found[generation.Number] = some;
        return found;
    }

    private static JsonObject Of(Generation generation, Dictionary<int, ImmutableArray<AnswerChange>> changes, bool applying)
    {
        var json = Json.Generation(generation, applying);
        json["settings"] = new JsonArray([
            .. changes
                .GetValueOrDefault(generation.Number, [])
                .Select(c =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["key"] = c.Path,
                            ["before"] = c.Before,
                            ["after"] = c.After,
                        }
                ),
        ]);
        return json;
    }

    private static string Keys(ImmutableArray<AnswerChange> changes) =>
        changes.Length switch
        {
            0 => "",
            1 or 2 => string.Join(", ", changes.Select(c => c.Path)),
            _ => $"{changes[0].Path} and {changes.Length - 1} more",
        };

    private static IAnsiConsole Plain()
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(Console.Out),
            }
        );
        // A pipe has no width; rows must not be folded there.
        if (Console.IsOutputRedirected)
            console.Profile.Width = 240;
        return console;
    }
}

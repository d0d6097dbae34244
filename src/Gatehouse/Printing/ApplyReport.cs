using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;
using Gatehouse.Terminal;

namespace Gatehouse.Printing;

/// <summary>The end of an apply or rollback, in words or JSON, and as an exit code.</summary>
internal static class ApplyReport
{
    public static int Write(ParseResult parse, ApplyResult result, OutsideReport? outside = null)
    {
        var live = GlobalOptions.Machine(parse).IsLive;
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["outcome"] = Name(result.Outcome),
                        ["generation"] = result.Generation?.Number,
                        ["problem"] = result.Problem.Length > 0 ? result.Problem : null,
                        ["warnings"] = outside?.WarningsJson(),
                        ["next"] = outside?.TasksJson(),
                    }
                )
            );
        var (text, code) = result.Outcome switch
        {
            Outcome.Nothing => (
                "Nothing to do: the host already matches the answers. 'gatehouse verify' checks that it works.",
                ExitCodes.Done
            ),
            Outcome.Applied => (
                live
                    ? $"Done: generation {result.Generation!.Number} is in place and verified."
                    : $"Done: generation {result.Generation!.Number} is in place; nothing runs in a tree, so nothing was verified.",
                ExitCodes.Done
            ),
            Outcome.Refused => (
                $"{result.Problem}\nNothing was changed; the old configuration is still in use. Fix this and run again.",
                ExitCodes.Refused
            ),
            Outcome.RolledBack => (
                $"{result.Problem}\nEverything was rolled back: the old configuration is in use again. Fix this and run again.",
                ExitCodes.RolledBack
            ),
            _ => (result.Problem, ExitCodes.Failed),
        };
        if (code == ExitCodes.Done && !parse.GetValue(GlobalOptions.Json))
            Say(text, result, outside);
        else if (code != ExitCodes.Done)
            Console.Error.WriteLine($"gatehouse: {text}");
        return code;
    }

    private static void Say(string text, ApplyResult result, OutsideReport? outside)
    {
        Console.Out.WriteLine(text);
        if (outside is null)
            return;
        if (result.Outcome == Outcome.Applied)
            foreach (var line in outside.TaskLines())
                Console.Out.WriteLine(line);
        foreach (var line in outside.WarningLines())
            Console.Out.WriteLine(line);
    }

    private static string Name(Outcome outcome) =>
        outcome switch
        {
            Outcome.Nothing => "nothing to do",
            Outcome.Applied => "applied",
            Outcome.Refused => "refused",
            Outcome.RolledBack => "rolled back",
            _ => "broken",
        };
}

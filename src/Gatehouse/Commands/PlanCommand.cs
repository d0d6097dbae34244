using System.CommandLine;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse plan [FILE]</c></summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Optional();
        var diff = new Option<bool>("--diff") { Description = "Show what changes inside each file (never of files that hold secrets)." };
        var command = new Command("plan", "Shows what apply would change, and changes nothing.\n\nExample: gatehouse plan answers.yaml --diff") { file, diff };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(file), parse.GetValue(diff), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, string? file, bool diff, CancellationToken ct)
    {
        if (await AnswersInput.RenderToActAsync(parse, file, ct) is not { } input) return ExitCodes.BadInput;
        var plan = await input.Pipeline.Applier(new ConsoleLog(parse)).PlanAsync(input.Node, ct);
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(Json.Text(Json.Plan(plan)));
            return ExitCodes.Done;
        }

        PlanText.Write(plan, input.Node, Console.Out);
        if (diff) foreach (var put in plan.Of<PutEntry>()) await WriteDiffAsync(put, input, ct);
        if (input.Machine.IsLive && SessionGuard.Judge(input.Settings, input.Pipeline.Facts.Session) is { } cutOff) Console.Error.WriteLine($"warning: apply will be refused: {cutOff}");
        return ExitCodes.Done;
    }

    private static async Task WriteDiffAsync(PutEntry put, AnswersInput.Result input, CancellationToken ct)
    {
        if (put.Entry.Kind != EntryKind.File || put.Before.Kind is not (EntryKind.File or EntryKind.Absent)) return;
        Console.Out.WriteLine();
        if (put.Entry.Secret)
        {
            Console.Out.WriteLine($"{put.Entry.Path}: holds secrets and is not shown");
            return;
        }

        // The new content goes in on standard input, so that it never lies in a temporary file.
        var before = put.Before.Kind == EntryKind.File ? input.Machine.Real(put.Entry.Path) : "/dev/null";
        var result = await input.Machine.RunAsync(new Invocation(["diff", "-u", "--label", $"{put.Entry.Path} (now)", "--label", $"{put.Entry.Path} (planned)", before, "-"], input.Node.Contents[put.Entry.Hash].Text), null, ct);
        Console.Out.Write(result.Output);
    }
}

using System.CommandLine;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Settings;

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
        if (diff) foreach (var put in plan.Of<PutEntry>().Where(FileDiff.Has)) Console.Out.Write($"\n{await FileDiff.OfAsync(put, input.Node, input.Machine, ct)}");
        if (input.Machine.IsLive && SessionGuard.Judge(input.Settings, input.Pipeline.Facts.Session) is { } cutOff) Console.Error.WriteLine($"warning: apply will be refused: {cutOff}");
        return ExitCodes.Done;
    }
}

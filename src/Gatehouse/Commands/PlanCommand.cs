using System.CommandLine;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse plan [FILE]</c></summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Optional();
        var diff = new Option<bool>("--diff") { Description = "Show the changes inside each file (never in files that contain secrets)." };
        var command = new Command(
            "plan",
            "Shows what 'gatehouse apply' would change, without changing anything.\n\nExample: gatehouse plan answers.yaml --diff"
        )
        {
            file,
            diff,
        };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(file), parse.GetValue(diff), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, string? file, bool diff, CancellationToken ct)
    {
        if (await AnswersInput.RenderToActAsync(parse, file, ct) is not { } input)
            return ExitCodes.BadInput;
        var applier = input.Pipeline.Applier(new ConsoleLog(parse));
        var node = await applier.HereAsync(input.Node, ct);
        var plan = await applier.PlanAsync(node, ct);
        var outside = await OutsideReport.LookAsync(
            input.Machine,
            input.Pipeline.Facts,
            input.Settings,
            GlobalOptions.LooksAtNetwork(parse),
            ct
        );
        if (parse.GetValue(GlobalOptions.Json))
        {
            var json = Json.Plan(plan);
            json["warnings"] = outside.WarningsJson();
            Console.Out.WriteLine(Json.Text(json));
            return ExitCodes.Done;
        }

        PlanText.Write(plan, input.Node, Console.Out, await new GenerationStore(input.Machine).CurrentAsync(ct) is not null);
        if (diff)
            foreach (var put in plan.Of<PutEntry>().Where(FileDiff.Has))
                Console.Out.Write($"\n{await FileDiff.OfAsync(put, node, input.Machine, ct)}");
        foreach (var line in outside.WarningLines())
            Console.Out.WriteLine(line);
        if (!plan.IsEmpty)
            foreach (var refusal in await HostPreflight.ProblemsAsync(input.Machine, input.Node, ct))
                Console.Error.WriteLine($"warning: 'gatehouse apply' will refuse to run: {refusal}");
        if (input.Machine.IsLive && SessionGuard.Judge(input.Settings, input.Pipeline.Facts.Session) is { } cutOff)
            Console.Error.WriteLine($"warning: 'gatehouse apply' will refuse to run: {cutOff}");
        return ExitCodes.Done;
    }
}

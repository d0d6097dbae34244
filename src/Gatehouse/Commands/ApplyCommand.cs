using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse apply [FILE]</c></summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Optional();
        var command = new Command("apply", "Makes this host what the answers ask, proves that it works, and puts everything back if it does not.\nOn a terminal it asks first; --yes does not.\n\nExample: gatehouse apply answers.yaml --yes") { file };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(file), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, string? file, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem) return Refuse(parse, problem);
        if (await AnswersInput.RenderToActAsync(parse, file, ct) is not { } input) return ExitCodes.BadInput;
        if (input.Machine.IsLive)
        {
            if (input.Pipeline.Facts.Debian != "12") return Refuse(parse, $"this host runs {(input.Pipeline.Facts.Debian is { Length: > 0 } d ? $"Debian {d}" : "something else than Debian")}; Gatehouse sets up Debian 12.");
            if (SessionGuard.Judge(input.Settings, input.Pipeline.Facts.Session) is { } cutOff) return Refuse(parse, cutOff);
        }

        var log = new ConsoleLog(parse);
        if (input.Machine.IsLive && new ClusterFiles(input.Machine).Node is { Followed.Length: > 0 }) return await MemberCommand.RunAsync(parse, () => ProposeAsync(parse, input, log, ct));
        using var only = ApplyLock.Take(input.Machine.Real(GenerationStore.Home));
        var applier = input.Pipeline.Applier(log);
        if (!parse.GetValue(GlobalOptions.Yes) && !Console.IsInputRedirected)
        {
            await applier.RecoverAsync(ct);
            var plan = await applier.PlanAsync(input.Node, ct);
            PlanText.Write(plan, input.Node, Console.Error);
            if (!plan.IsEmpty && !Confirm()) return Refuse(parse, "nothing was changed.");
        }

        var result = await applier.ApplyAsync(input.Node, "apply", ct);
        var code = ApplyReport.Write(parse, result);
        if (result is { Outcome: Outcome.Applied, Generation.Number: 1 } && !parse.GetValue(GlobalOptions.Json))
            foreach (var line in NextSteps.Lines(input.Settings, input.Node, input.Machine.IsLive)) Console.Out.WriteLine(line);
        return code;
    }

    // On a member, settings are the cluster's: they are tried here and followed by all.
    private static async Task<int> ProposeAsync(ParseResult parse, AnswersInput.Result input, ConsoleLog log, CancellationToken ct)
    {
        if (!parse.GetValue(GlobalOptions.Yes) && !Console.IsInputRedirected)
        {
            var plan = await input.Pipeline.Applier(log).PlanAsync(input.Node, ct);
            PlanText.Write(plan, input.Node, Console.Error);
            Console.Error.WriteLine("This host is a member of a cluster: what belongs to all members is followed by all of them.");
            if (!plan.IsEmpty && !Confirm()) return Refuse(parse, "nothing was changed.");
        }

        return ApplyReport.Write(parse, await new ProposeSequence(input.Machine, TimeProvider.System, log).RunAsync(input.Pipeline.Answers!, input.Settings, ct));
    }

    private static bool Confirm()
    {
        Console.Error.Write("Apply this? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static int Refuse(ParseResult parse, string why)
    {
        if (parse.GetValue(GlobalOptions.Json)) Console.Out.WriteLine(Json.Text(new JsonObject { ["outcome"] = "refused", ["problem"] = why }));
        Console.Error.WriteLine($"gatehouse: refused: {why}");
        return ExitCodes.Refused;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Following;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;
using Gatehouse.Wizard;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse apply [FILE]</c></summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Optional();
        var command = new Command(
            "apply",
            "Configures this host as the answers say and verifies that it works; rolls everything back if it does not.\nOn "
                + "a terminal it asks first, unless --yes is given.\n\nExample: gatehouse apply answers.yaml --yes"
        )
        {
            file,
        };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(file), ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, string? file, CancellationToken ct)
    {
        if (Preconditions.Problem(parse) is { } problem)
            return Refuse(parse, problem);
        // The answers in force are those of before an apply that was cut off, not the half of it that is in place.
        if (file is null && await RecoverAsync(parse, ct) is { } stuck)
            return stuck;
        if (await AnswersInput.RenderToActAsync(parse, file, ct) is not { } input)
            return ExitCodes.BadInput;
        if (input.Machine.IsLive)
        {
            if (input.Pipeline.Facts.Debian != "12")
                return Refuse(
                    parse,
                    "this host runs "
                        + $"{(input.Pipeline.Facts.Debian is { Length: > 0 } d ? $"Debian {d}" : "something other than Debian")}; "
                        + "Gatehouse sets up Debian 12."
                );
            if (SessionGuard.Judge(input.Settings, input.Pipeline.Facts.Session) is { } cutOff)
                return Refuse(parse, cutOff);
        }

        var log = new ConsoleLog(parse);
        if (input.Machine.IsLive && new ClusterFiles(input.Machine).Node is { IsMember: true })
            return await MemberCommand.RunAsync(parse, () => ProposeAsync(parse, input, log, ct));
        using var outlives = HangUp.Outlive();
        using var only = ApplyLock.Take(input.Machine.Real(GenerationStore.Home));
        var applier = input.Pipeline.Applier(log);
        if (!parse.GetValue(GlobalOptions.Yes) && !Console.IsInputRedirected)
        {
            await applier.RecoverAsync(ct);
            var (planned, unplanned) = await PlanAsync(applier, input.Node, ct);
            if (planned is not { } plan)
                return Refuse(parse, unplanned);
            PlanText.Write(plan, input.Node, Console.Error);
            if (!plan.IsEmpty && await HostPreflight.ProblemsAsync(input.Machine, input.Node, ct) is { IsEmpty: false } problems)
                return Refuse(parse, string.Join('\n', problems));
            if (!plan.IsEmpty && !Confirm())
                return Cancel(parse);
        }

        var result = await applier.ApplyAsync(input.Node, "apply", ct);
        var code = ApplyReport.Write(parse, result, await OutsideAsync(parse, input, result, ct));
        if (result is { Outcome: Outcome.Applied } && !input.Machine.IsLive && !parse.GetValue(GlobalOptions.Json))
            foreach (var line in NextSteps.Lines(input.Settings, input.Node, input.Machine.IsLive))
                Console.Out.WriteLine(line);
        return code;
    }

    // An exit code: what was cut off could not be put back. Null: nothing stands in the way.
    private static async Task<int?> RecoverAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        if (await new GenerationStore(machine).InterruptedAsync(ct) is null)
            return null;
        using var outlives = HangUp.Outlive();
        using var only = ApplyLock.Take(machine.Real(GenerationStore.Home));
        try
        {
            await new Pipeline(machine, TimeProvider.System, renders: false).Applier(new ConsoleLog(parse)).RecoverAsync(ct);
            return null;
        }
        catch (NotPutBackException e)
        {
            return ApplyReport.Write(parse, new ApplyResult(Outcome.Broken, e.Generation, e.Message));
        }
    }

    // What cannot be looked at, such as a socket in a file's place, stands against an apply like any other clash.
    private static async Task<(Plan? Plan, string Problem)> PlanAsync(Applier applier, RenderedNode node, CancellationToken ct)
    {
        try
        {
            return (await applier.PlanAsync(node, ct), "");
        }
        catch (MachineException e)
        {
            return (null, e.Message);
        }
    }

    // On a member, settings are the cluster's: they are tried here and followed by all.
    internal static async Task<int> ProposeAsync(ParseResult parse, AnswersInput.Result input, ConsoleLog log, CancellationToken ct)
    {
        if (!parse.GetValue(GlobalOptions.Yes) && !Console.IsInputRedirected)
        {
            var plan = await input.Pipeline.Applier(log).PlanAsync(input.Node, ct);
            PlanText.Write(plan, input.Node, Console.Error);
            Console.Error.WriteLine("This host is a member of a cluster: settings that all members share change on all of them.");
            if (!plan.IsEmpty && !Confirm())
                return Cancel(parse);
        }

        var result = await new ProposeSequence(input.Machine, TimeProvider.System, log).RunAsync(
            input.Pipeline.Answers!,
            input.Settings,
            ct
        );
        return ApplyReport.Write(parse, result, await OutsideAsync(parse, input, result, ct));
    }

    // Only of what is in place now; a failure has enough to tell.
    private static async Task<OutsideReport?> OutsideAsync(
        ParseResult parse,
        AnswersInput.Result input,
        ApplyResult result,
        CancellationToken ct
    ) =>
        result.Outcome is Outcome.Applied or Outcome.Nothing
            ? await OutsideReport.LookAsync(input.Machine, input.Pipeline.Facts, input.Settings, GlobalOptions.LooksAtNetwork(parse), ct)
            : null;

    private static bool Confirm()
    {
        Console.Error.Write("Apply this? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static int Cancel(ParseResult parse) => Refuse(parse, "nothing was changed.", "cancelled; ");

    private static int Refuse(ParseResult parse, string why, string how = "refused: ")
    {
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(new JsonObject { ["outcome"] = "refused", ["problem"] = why }));
        Console.Error.WriteLine($"gatehouse: {how}{why}");
        return ExitCodes.Refused;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Machines;
using Gatehouse.Machines.Probes;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse verify</c></summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Proves that the running services work: greeting, TLS, a scanned message, spam and virus tests, web, firewall, clock.\nExits 1 when one does not.\n\nExample: gatehouse verify --json");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        if (await new GenerationStore(machine).CurrentAsync(ct) is not { } current)
        {
            Console.Error.WriteLine("gatehouse: nothing was applied here yet; there is nothing to verify.");
            return ExitCodes.Failed;
        }

        if (!machine.IsLive)
        {
            Console.Error.WriteLine("gatehouse: no service runs in a tree; verify works on the host itself.");
            return ExitCodes.BadInput;
        }

        var verifier = new Verifier(machine, TimeProvider.System);
        var results = await Task.WhenAll(current.Node.Verifications.Select(async v => (v.Component, v.Verification.Name, Result: await verifier.VerifyAsync(v.Verification, ct))));
        var healthy = results.All(r => r.Result.Passed);
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(new JsonObject
            {
                ["healthy"] = healthy,
                ["verifications"] = new JsonArray([.. results.Select(r => (JsonNode)new JsonObject { ["component"] = r.Component, ["name"] = r.Name, ["passed"] = r.Result.Passed, ["detail"] = r.Result.Detail })]),
            }));
        else
            foreach (var (component, name, result) in results) Console.Out.WriteLine($"{(result.Passed ? "ok    " : "failed")} {component}: {name} ({result.Detail})");
        return healthy ? ExitCodes.Done : ExitCodes.Failed;
    }
}

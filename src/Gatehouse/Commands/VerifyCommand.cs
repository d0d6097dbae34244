using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Gatehouse.Machines.Probes;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse verify</c></summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Verifies the running services: SMTP as a stranger, a relay network and a load balancer, TLS, scanned messages, "
                + "spam and virus tests, web, firewall, clock.\nExits 1 if any of them fails.\n\nExample: gatehouse verify --json"
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        var machine = GlobalOptions.Machine(parse);
        await DamagedRecords.TellAsync(parse, ct);
        if (await new GenerationStore(machine).CurrentAsync(ct) is not { } current)
        {
            Console.Error.WriteLine($"gatehouse: {NoRecord.Words(machine)}");
            return ExitCodes.Failed;
        }

        if (!machine.IsLive)
        {
            Console.Error.WriteLine("gatehouse: a tree runs no services; run 'gatehouse verify' on the host itself.");
            return ExitCodes.BadInput;
        }

        if (current.Node.Verifications.IsEmpty)
        {
            Console.Error.WriteLine(
                $"gatehouse: generation {current.Number} ({current.Reason}) configures no service, so there is nothing to "
                    + "verify. 'gatehouse history' lists the others."
            );
            return ExitCodes.Failed;
        }

        var looking = OutsideReport.InForceAsync(parse, ct);
        var verifier = new Verifier(machine, TimeProvider.System);
        var verifications = await NewestAsync(machine, current, ct);
        var results = await Task.WhenAll(
            verifications.Select(async v => (v.Component, v.Verification.Name, Result: await verifier.VerifyAsync(v.Verification, ct)))
        );
        var outside = await looking;
        var healthy = results.All(r => r.Result.Passed);
        await Watching.VerifyStore.RecordAsync(
            machine,
            TimeProvider.System,
            results.Where(r => !r.Result.Passed).Select(r => $"{r.Component}: {r.Name} ({r.Result.Detail})"),
            ct
        );
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["healthy"] = healthy,
                        ["verifications"] = new JsonArray([
                            .. results.Select(r =>
                                (JsonNode)
                                    new JsonObject
                                    {
                                        ["component"] = r.Component,
                                        ["name"] = r.Name,
                                        ["passed"] = r.Result.Passed && !r.Result.IsUnknown,
                                        ["state"] = r.Result.State,
                                        ["detail"] = r.Result.Detail,
                                    }
                            ),
                        ]),
                        ["warnings"] = outside.WarningsJson(),
                    }
                )
            );
        else
        {
            foreach (var (component, name, result) in results)
                Console.Out.WriteLine(
                    $"{result.State switch { "ok" => "ok    ", "unknown" => "warn  ", _ => "failed" }} {component}: {name} "
                        + $"({result.Detail})"
                );
            foreach (var line in outside.WarningLines())
                Console.Out.WriteLine(line);
        }

        return healthy ? ExitCodes.Done : ExitCodes.Failed;
    }

    // Those of this program's own templates for the answers in force: the generation holds those of the program that applied it. What a
    // member is to be is not in its answers alone, so a member keeps to its generation, and so does a host whose answers cannot be rendered
    // any more.
    private static async Task<ImmutableArray<RenderedVerification>> NewestAsync(
        LocalMachine machine,
        Generation current,
        CancellationToken ct
    )
    {
        try
        {
            if (current.Node.Entries.FirstOrDefault(e => e.Path == AnswersInForce.Path) is not { } entry)
                return current.Node.Verifications;
            var answers = await new GenerationStore(machine).ContentAsync(entry.Hash, ct);
            var pipeline = new Pipeline(machine, TimeProvider.System, renders: true);
            if (
                pipeline.Resolve(AnswersInForce.Path, answers.Bytes, ownerOnly: true, prompt: null)
                is not { AwaitsPassword: false, System.Profile.Clustered: false } settings
            )
                return current.Node.Verifications;
            return (await pipeline.RenderAsync(settings, answers.Text, ct)).Verifications;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Console.Error.WriteLine(
                $"gatehouse: the answers in force cannot be rendered ({e.Message.Split('\n')[0]}); using the verifications "
                    + $"of generation {current.Number}."
            );
            return current.Node.Verifications;
        }
    }
}

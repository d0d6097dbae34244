using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Agent;
using Gatehouse.Cluster.Issuing;
using Gatehouse.Cluster.Membership;
using Gatehouse.Printing;
using Gatehouse.Registry;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse ca</c></summary>
internal static class CaCommand
{
    private static readonly Option<bool> All = new("--all") { Description = "Renew the certificate on every member." };
    private static readonly Option<bool> Finish = new("--finish")
    {
        Description = "Drop the old root CA, once every member has a certificate from the new one.",
    };
    private static readonly Option<string?> Token = TokenInput.File();

    public static Command Create()
    {
        var show = new Command(
            "show",
            "Shows the cluster's certificate authorities (fingerprints, pins used in join codes, expiry dates,\nrevocation "
                + "lists) and this node's certificate.\n\nExample: gatehouse ca show"
        );
        var renew = new Command(
            "renew",
            "Renews this node's certificate now. Gatehouse renews it automatically after two thirds of its "
                + "lifetime.\n\nExample: gatehouse ca renew --all"
        )
        {
            All,
        };
        var rotate = new Command(
            "rotate",
            """
            Replaces the root CA, on the issuer and with the master token. First, all members trust the new CA as well as the old one;
            then the new CA signs, and all members get new certificates. --finish drops the old CA. If a step is
            interrupted, run it again.

            Example: gatehouse ca rotate
            """
        )
        {
            Finish,
            Token,
        };
        show.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => ShowAsync(parse, ct)));
        renew.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RenewAsync(parse, ct)));
        rotate.SetAction((parse, ct) => MemberCommand.RunAsync(parse, () => RotateAsync(parse, ct)));
        return new Command("ca", "The cluster's certificate authorities: show, renew, rotate.") { show, renew, rotate };
    }

    private static async Task<int> ShowAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        await using var registry = RegistryAccess.Open(me);
        var reports = AuthorityReport.Of(await registry.AuthoritiesAsync(ct), await registry.RevocationListsAsync(ct));
        using var own = Credentials.Read();
        var (serial, issuer, ends) = (Issuer.SerialOf(own.Certificate), own.Certificate.Issuer, own.Certificate.NotAfter);
        if (parse.GetValue(GlobalOptions.Json))
        {
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["cluster"] = me.ClusterName,
                        ["authorities"] = new JsonArray([.. reports.Select(r => (JsonNode)r.AsJson())]),
                        ["own"] = new JsonObject
                        {
                            ["serial"] = serial,
                            ["issuer"] = issuer,
                            ["ends"] = ends.ToUniversalTime().ToString("O"),
                        },
                    }
                )
            );
            return ExitCodes.Done;
        }

        foreach (var report in reports)
            Console.Out.Write(report.Text());
        Console.Out.WriteLine($"{me.Name}: serial {serial}\n  from     {issuer}\n  until    {ends:yyyy-MM-dd HH:mm}");
        return ExitCodes.Done;
    }

    private static async Task<int> RenewAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var sequence = new RenewSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse));
        if (!parse.GetValue(All))
        {
            await sequence.OwnAsync(me, ct);
            using var own = Credentials.Read();
            Console.Out.WriteLine($"{me.Name} has a new certificate, until {own.Certificate.NotAfter:yyyy-MM-dd HH:mm}.");
            return ExitCodes.Done;
        }

        var results = await sequence.AllAsync(me, ct);
        foreach (var (node, result) in results)
            Console.Out.WriteLine($"{node.Name}: {Renewal(result)}");
        return results.All(r => r.Result?.State == CommandState.Done) ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Renewal(CommandResult? result) =>
        result switch
        {
            null => "has not answered yet; it renews its certificate at its next sync, within the hour",
            { State: CommandState.Done } => "renewed",
            _ => $"{result.State.ToString().ToLowerInvariant()}: {result.Output}",
        };

    private static async Task<int> RotateAsync(ParseResult parse, CancellationToken ct)
    {
        var me = MemberCommand.Member(parse);
        var sequence = new RotateSequence(GlobalOptions.Machine(parse), TimeProvider.System, new ConsoleLog(parse));
        if (parse.GetValue(Finish))
        {
            await sequence.FinishAsync(me, ct);
            Console.Out.WriteLine("The old root CA is dropped; 'gatehouse ca show' shows the current one.");
            return ExitCodes.Done;
        }

        var behind = await sequence.RunAsync(me, TokenInput.Read(parse.GetValue(Token)), ct);
        Console.Out.WriteLine("The new root CA now signs; the old one is still trusted.");
        foreach (var node in behind)
            Console.Error.WriteLine($"note: {node.Name} has no certificate from it yet; it gets one at its next sync.");
        Console.Out.WriteLine("When every member has one: gatehouse ca rotate --finish");
        return ExitCodes.Done;
    }
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cluster.Membership;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse next</c></summary>
internal static class NextCommand
{
    public static Command Create()
    {
        var command = new Command(
            "next",
            "Shows what is left to do before mail flows: where to find the management web and its password, the DNS "
                + "records\n(address, PTR, MX, SPF, DKIM), marked as done if the name servers have them, and then what needs "
                + "attention.\n\nExample: gatehouse next"
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken ct)
    {
        if (!GlobalOptions.Machine(parse).IsLive)
        {
            Console.Error.WriteLine("gatehouse: a tree has no DNS and no services; run 'gatehouse next' on the host itself.");
            return ExitCodes.BadInput;
        }

        if (AnswersInput.InForceSettings(parse).Settings is null)
        {
            Console.Error.WriteLine("gatehouse: nothing has been applied here yet. 'gatehouse setup' sets this host up.");
            return ExitCodes.Failed;
        }

        var report = await OutsideReport.InForceAsync(parse, ct);
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(
                Json.Text(
                    new JsonObject
                    {
                        ["network"] = report.Network,
                        ["next"] = report.TasksJson(),
                        ["warnings"] = report.WarningsJson(),
                    }
                )
            );
        else
            foreach (var line in report.TaskLines().Concat(report.WarningLines()))
                Console.Out.WriteLine(line);
        return ExitCodes.Done;
    }
}

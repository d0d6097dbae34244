using System.CommandLine;
using Gatehouse.Cluster.Membership;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse check FILE</c></summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Required();
        var command = new Command(
            "check",
            "Checks an answer file and lists all its errors and warnings.\n\nExample: gatehouse check answers.yaml"
        )
        {
            file,
        };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(file)!, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, string file, CancellationToken ct)
    {
        var (pipeline, settings) = AnswersInput.Check(parse, file);
        var machine = GlobalOptions.Machine(parse);
        if (
            machine.IsLive
            && settings?.System.Profile.Roles.Contains("mail") == true
            && HostPreflight.OtherMailServer(await HostPreflight.MailServersAsync(machine, ct)) is { } other
        )
            pipeline.Report.Warn("other-mail-server", "", $"'gatehouse apply' would refuse to run on this host: {other}");
        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Findings(pipeline.Report));
        else
            foreach (var finding in pipeline.Report)
                Console.Out.WriteLine(finding);
        if (pipeline.Report.HasErrors)
            return ExitCodes.BadInput;
        if (pipeline.Report.Count == 0 && !parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine($"{file}: valid, no problems found.");
        return ExitCodes.Done;
    }
}

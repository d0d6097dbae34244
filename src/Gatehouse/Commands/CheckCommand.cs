using System.CommandLine;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse check FILE</c></summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Required();
        var command = new Command("check", "Judges an answer file and lists everything that is wrong with it.\n\nExample: gatehouse check answers.yaml") { file };
        command.SetAction(parse => Run(parse, parse.GetValue(file)!));
        return command;
    }

    private static int Run(ParseResult parse, string file)
    {
        var (pipeline, _) = AnswersInput.Check(parse, file);
        if (parse.GetValue(GlobalOptions.Json)) Console.Out.WriteLine(Json.Findings(pipeline.Report));
        else foreach (var finding in pipeline.Report) Console.Out.WriteLine(finding);
        if (pipeline.Report.HasErrors) return ExitCodes.BadInput;
        if (pipeline.Report.Count == 0 && !parse.GetValue(GlobalOptions.Json)) Console.Out.WriteLine($"{file}: good, nothing to remark.");
        return ExitCodes.Done;
    }
}

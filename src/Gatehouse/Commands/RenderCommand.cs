using System.CommandLine;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse render FILE --output DIR</c></summary>
internal static class RenderCommand
{
    public static Command Create()
    {
        var file = AnswersInput.Required();
        var output = new Option<string>("--output", "-o")
        {
            Description = "The directory to write the files to.",
            HelpName = "DIR",
            Required = true,
        };
        var command = new Command(
            "render",
            "Renders the configuration files of an answer file, for inspection.\n\nExample: gatehouse render answers.yaml "
                + "--output /tmp/files"
        )
        {
            file,
            output,
            RenderForeignCommand.Balancer(),
            RenderForeignCommand.Consul(),
        };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(file)!, parse.GetValue(output)!, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, string file, string output, CancellationToken ct)
    {
        if (await AnswersInput.RenderAsync(parse, file, ct) is not { } input)
            return ExitCodes.BadInput;
        var target = new LocalMachine(output, durable: false);
        var written = 0;
        foreach (var entry in input.Node.Entries.Where(e => e.Kind is not EntryKind.Absent))
        {
            await target.WriteAsync(
                entry.Path,
                new Item(entry.Kind, entry.Owner, entry.Kind == EntryKind.File ? input.Node.Contents[entry.Hash] : null, entry.Target),
                ct
            );
            if (entry.Kind == EntryKind.File)
                written++;
        }

        if (parse.GetValue(GlobalOptions.Json))
            Console.Out.WriteLine(Json.Text(new System.Text.Json.Nodes.JsonObject { ["output"] = output, ["files"] = written }));
        else
            Console.Out.WriteLine(
                $"{written} files written to {output}. Keys and generated secrets in them are examples: 'gatehouse apply' "
                    + "generates its own."
            );
        return ExitCodes.Done;
    }
}

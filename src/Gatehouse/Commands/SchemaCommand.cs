using System.CommandLine;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Reference;
using Gatehouse.Printing;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse schema</c></summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var man = new Option<bool>("--man") { Description = "Print the manual page gatehouse-answers(5) instead." };
        var command = new Command(
            "schema",
            "Prints the JSON Schema of answer files, for editors that validate while you type.\n\nExample: gatehouse schema "
                + "> gatehouse.schema.json"
        )
        {
            man,
        };
        command.SetAction(parse =>
        {
            if (parse.GetValue(man))
                Console.Out.Write(AnswerManual.Of(Shipped.Screens(), Release.Version));
            else
                Console.Out.WriteLine(Json.Text(AnswerSchema.Of(Shipped.Screens())));
            return ExitCodes.Done;
        });
        return command;
    }
}

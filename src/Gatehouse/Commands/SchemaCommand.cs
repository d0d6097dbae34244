using System.CommandLine;
using Gatehouse.Core.Screens;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse schema</c></summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Prints the JSON Schema of answer files, for editors that check while you type.\n\nExample: gatehouse schema > gatehouse.schema.json");
        command.SetAction(_ =>
        {
            Console.Out.WriteLine(Json.Text(AnswerSchema.Of(Shipped.Screens())));
            return ExitCodes.Done;
        });
        return command;
    }
}

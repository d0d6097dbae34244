using System.CommandLine;
using Gatehouse.Cluster.Membership;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse help [COMMAND]</c></summary>
internal static class HelpCommand
{
    public static Command Create(RootCommand root)
    {
        var words = new Argument<string[]>("COMMAND")
        {
            Description = "The command, such as 'apply' or 'quarantine list'; without it, all commands are listed.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("help", "Explains a command, or lists all commands.\n\nExample: gatehouse help apply") { words };
        command.SetAction(parse => Run(root, parse.GetValue(words) ?? []));
        return command;
    }

    private static int Run(RootCommand root, string[] words)
    {
        Command at = root;
        foreach (var word in words)
        {
            if (at.Subcommands.FirstOrDefault(c => c.Name == word) is not { } next)
            {
                Console.Error.WriteLine(
                    $"gatehouse: there is no command '{string.Join(' ', words)}'. 'gatehouse help' lists all commands."
                );
                return ExitCodes.BadInput;
            }

            at = next;
        }

        return root.Parse([.. words, "--help"]).Invoke();
    }
}

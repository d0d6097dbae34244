using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Gatehouse.Cluster.Membership;
using Gatehouse.Commands;
using Gatehouse.Terminal;

namespace Gatehouse;

/// <summary>All commands, and the help that lists them by task.</summary>
internal static class CommandLine
{
    private const string More = "More";

    private static readonly (string Title, string[] Commands)[] Groups =
    [
        ("Set up a gateway", ["setup", "new", "check", "plan", "apply", "next"]),
        ("Look after it", ["status", "verify", "logs", "queue", "quarantine", "drift", "history", "rollback", "backup", "restore"]),
        ("Run a cluster", ["bootstrap", "invite", "join", "add", "node", "leave", "promote", "sync", "ca", "cluster"]),
        ("For scripts and templates", ["render", "schema", "help"]),
    ];

    /// <summary>The commands.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Sets up a mail gateway on Debian, by a wizard ('gatehouse setup') or from an answer file, and verifies that it works."
        )
        {
            NewCommand.Create(),
            SchemaCommand.Create(),
            CheckCommand.Create(),
            RenderCommand.Create(),
            PlanCommand.Create(),
            ApplyCommand.Create(),
            RollbackCommand.Create(),
            HistoryCommand.Create(),
            DriftCommand.Create(),
            VerifyCommand.Create(),
            NextCommand.Create(),
            SetupCommand.Create(),
            BootstrapCommand.Create(),
            InviteCommand.Create(),
            AddCommand.Create(),
            JoinCommand.Create(),
            StatusCommand.Create(),
            NodeCommand.Create(),
            LeaveCommand.Create(),
            PromoteCommand.Create(),
            CaCommand.Create(),
            BackupCommand.Create(),
            RestoreCommand.Create(),
            SyncCommand.Create(),
            ClusterRunCommand.Create(),
            QuarantineCommand.Create(),
            LogsCommand.Create(),
            QueueCommand.Create(),
            WatchCommand.Create(),
            AgentCommand.Create(),
        };
        GlobalOptions.AddTo(root);
        root.Subcommands.Add(HelpCommand.Create(root));
        // Started by their units, never by hand.
        foreach (var command in root.Subcommands.Where(c => c.Name is "agent" or "watch"))
            command.Hidden = true;
        RefuseEmptyNames(root);
        root.SetAction(_ => Show(root, Console.Out));
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: { } usual } option)
            option.Action = new RootHelp(root, usual);
        return root;
    }

    // An empty name, as an unset variable of a script gives it, is the name of no file.
    private static void RefuseEmptyNames(Command command)
    {
        foreach (var argument in command.Arguments.Where(a => IsPlace(a.HelpName ?? a.Name)))
            argument.Validators.Add(r => Judge(r, argument.HelpName ?? argument.Name));
        foreach (var option in command.Options.Where(o => IsPlace(o.HelpName ?? "")))
            option.Validators.Add(r => Judge(r, option.Name));
        foreach (var inner in command.Subcommands)
            RefuseEmptyNames(inner);

        static bool IsPlace(string name) => name is "FILE" or "DIR";

        static void Judge(SymbolResult result, string name)
        {
            if (result.Tokens.Any(t => t.Value.Length == 0))
                result.AddError($"{name} is empty, and there is no such file.");
        }
    }

    /// <summary>Writes the help of the program itself.</summary>
    public static int Show(RootCommand root, TextWriter output)
    {
        output.WriteLine(root.Description);
        output.WriteLine("\nUsage: gatehouse COMMAND [OPTIONS]");
        var visible = root.Subcommands.Where(c => !c.Hidden).ToDictionary(c => c.Name, StringComparer.Ordinal);
        var width = visible.Values.Max(c => Usage(c).Length);
        var grouped = Groups.SelectMany(g => g.Commands).ToHashSet(StringComparer.Ordinal);
        foreach (var (title, commands) in Groups.Append((More, [.. visible.Keys.Where(n => !grouped.Contains(n))])))
        {
            var present = commands.Where(visible.ContainsKey).Select(n => visible[n]).ToArray();
            if (present.Length == 0)
                continue;
            output.WriteLine($"\n{title}:");
            foreach (var command in present)
                output.WriteLine($"  {Usage(command).PadRight(width)}  {FirstSentence(command.Description ?? "")}");
        }

        output.WriteLine("\nOptions of every command:");
        foreach (var option in root.Options.Where(o => !o.Hidden))
            output.WriteLine($"  {Named(option).PadRight(width)}  {option.Description}");
        output.WriteLine("\n'gatehouse help COMMAND' explains a command; gatehouse(8) is the manual.");
        return ExitCodes.Done;
    }

    // Optional arguments stand in brackets.
    private static string Usage(Command command) =>
        string.Join(
            ' ',
            command
                .Arguments.Where(a => !a.Hidden)
                .Select(Argument)
                .Prepend(command.Subcommands.Count > 0 ? $"{command.Name} ..." : command.Name)
        );

    private static string Argument(Argument argument)
    {
        var name = (argument.HelpName ?? argument.Name).ToUpperInvariant();
        var many = argument.Arity.MaximumNumberOfValues > 1 ? "..." : "";
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}{many}]" : $"{name}{many}";
    }

    private static string Named(Option option) =>
        string.Join(", ", option.Aliases.Where(a => a is not ("/h" or "/?")).Prepend(option.Name))
        + (option.HelpName is { } value ? $" {value}" : "");

    private static string FirstSentence(string text)
    {
        var line = text.Split('\n')[0];
        var end = line.IndexOfAny(['.', ';', ':']);
        return end < 0 ? line : line[..end];
    }

    /// <summary>The program's own help for the program itself, the library's for a command.</summary>
    private sealed class RootHelp(RootCommand root, CommandLineAction usual) : SynchronousCommandLineAction
    {
        /// <summary>Who asks for help need not have given the arguments yet.</summary>
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult) =>
            parseResult.CommandResult.Command is RootCommand
                ? Show(root, Console.Out)
                : ((SynchronousCommandLineAction)usual).Invoke(parseResult);
    }
}

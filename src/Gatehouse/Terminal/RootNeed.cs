using System.Collections.Frozen;
using System.CommandLine;
using System.CommandLine.Parsing;

namespace Gatehouse.Terminal;

/// <summary>
/// Commands that look at this host or change it need root: what they read is root's alone, and another user would be told that there is
/// nothing. Said once for all commands, so a new one needs root unless it is listed here.
/// </summary>
internal static class RootNeed
{
    private const string Root = "root";

    // The user of the agent and of the log collector, which run commands of their own.
    private const string Service = "gatehouse";

    private static readonly FrozenSet<string> Free = new[] { "gatehouse", "help", "new", "schema", "check", "render" }.ToFrozenSet(
        StringComparer.Ordinal
    );

    /// <summary>Why the command cannot run; null when it can.</summary>
    public static string? Problem(ParseResult parse) =>
        parse.Tokens.Any(t => t.Value is "--help" or "-h" or "-?")
            ? null
            : Problem(Words(parse.CommandResult), Environment.UserName, GlobalOptions.Machine(parse).IsLive);

    /// <summary>The same for the words of a command, such as "quarantine list".</summary>
    internal static string? Problem(string words, string user, bool isLive) =>
        !isLive || user is Root or Service || Free.Contains(words.Split(' ')[0])
            ? null
            : $"'gatehouse {words}' needs root: run 'sudo gatehouse {words} ...'; --root DIR works on a tree without.";

    // The root command's own name is that of the program's file.
    private static string Words(CommandResult command)
    {
        var words = new List<string>();
        for (SymbolResult? at = command; at is CommandResult { Command: not RootCommand } one; at = at.Parent)
            words.Insert(0, one.Command.Name);
        return words.Count == 0 ? "gatehouse" : string.Join(' ', words);
    }
}

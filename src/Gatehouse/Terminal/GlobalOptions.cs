using System.CommandLine;
using Gatehouse.Machines;

namespace Gatehouse.Terminal;

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    /// <summary>Work on a tree instead of the machine.</summary>
    public static Option<string> Root { get; } =
        new("--root")
        {
            Description = "Work on the file tree in DIR instead of this host; no unit is started or stopped.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "/",
            Recursive = true,
        };

    /// <summary>Results as JSON.</summary>
    public static Option<bool> Json { get; } =
        new("--json") { Description = "Print results as JSON on standard output.", Recursive = true };

    /// <summary>No colour, no redrawing.</summary>
    public static Option<bool> Plain { get; } =
        new("--plain") { Description = "Print plain lines, without colour or redrawing.", Recursive = true };

    /// <summary>Answer yes.</summary>
    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask before changing the host.", Recursive = true };

    /// <summary>Look at nothing in the network.</summary>
    public static Option<bool> NoNetworkChecks { get; } =
        new("--no-network-checks")
        {
            Description = "Do not check DNS records, destinations and mail servers over the network.",
            Recursive = true,
        };

    /// <summary>How much is told.</summary>
    public static Option<string> LogLevel { get; } = MakeLogLevel();

    /// <summary>Adds all of them.</summary>
    public static void AddTo(Command root)
    {
        foreach (var option in new Option[] { Root, Json, Plain, Yes, NoNetworkChecks, LogLevel })
            root.Options.Add(option);
    }

    /// <summary>The machine the command is to work on.</summary>
    public static LocalMachine Machine(ParseResult parse) => new(parse.GetValue(Root)!);

    /// <summary>Whether DNS, destinations and other mail servers are looked at.</summary>
    public static bool LooksAtNetwork(ParseResult parse) => !parse.GetValue(NoNetworkChecks);

    /// <summary>Whether colours and redrawing are welcome on standard error.</summary>
    public static bool IsFancy(ParseResult parse) =>
        !parse.GetValue(Plain)
        && !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    private static Option<string> MakeLogLevel()
    {
        var option = new Option<string>("--log-level")
        {
            Description = "How much to print: error, info or debug.",
            HelpName = "LEVEL",
            DefaultValueFactory = _ => "info",
            Recursive = true,
        };
        option.AcceptOnlyFromAmong("error", "info", "debug");
        return option;
    }
}

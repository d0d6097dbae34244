using System.CommandLine;

namespace Gatehouse.Terminal;

/// <summary>What must hold before a command may change a host.</summary>
internal static class Preconditions
{
    /// <summary>Why the command cannot change anything; null when it can.</summary>
    public static string? Problem(ParseResult parse) =>
        GlobalOptions.Machine(parse).IsLive && Environment.UserName != "root"
            ? "changing this host needs root (sudo gatehouse ...); --root DIR works on a tree without."
            : null;
}

using System.Runtime.InteropServices;

namespace Gatehouse.Terminal;

/// <summary>The terminal lent to other programs: a shell for looking around after a failure, a command with questions of its own.</summary>
internal static partial class Shell
{
    /// <summary>Runs a shell until it is left. system(3) keeps the terminal's signals away from us meanwhile, which .NET's own Process does
    /// not.</summary>
    public static void Run() => _ = system("echo; echo \"A shell on this host. 'exit' returns to the set-up.\"; exec ${SHELL:-/bin/bash}");

    /// <summary>Runs a command on the terminal and waits until what it said was read.</summary>
    /// <param name="command">A line for the shell; the caller vouches for every word in it.</param>
    public static void Run(string command) =>
        _ = system($"echo; echo '$ {command}'; {command}; echo; printf 'Press Enter to return to the set-up. '; read -r answer");

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int system(string command);
}

using System.Runtime.InteropServices;

namespace Gatehouse.Tui;

/// <summary>A shell on the terminal, for looking around after a failure.</summary>
internal static partial class Shell
{
    /// <summary>Runs a shell until it is left. system(3) keeps the terminal's signals away from us meanwhile, which .NET's own Process does not.</summary>
    public static void Run() => _ = system("echo; echo \"A shell on this host. 'exit' goes back to the set-up.\"; exec ${SHELL:-/bin/bash}");

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int system(string command);
}

using System.Diagnostics;

namespace Gatehouse.EndToEnd;

/// <summary>
/// Cleans up when it is disposed of, and also when the test process ends in any other way: a shell that waits for the end of
/// a pipe which this process holds, and then runs a line.
/// </summary>
public sealed class Leash : IDisposable
{
    private readonly Process shell;

    /// <summary>A line to be run at the end; <c>$1</c> and so on are its arguments.</summary>
    public Leash(string line, params string[] arguments)
    {
        // In a session of its own, or an interrupted test run would take it along.
        var start = new ProcessStartInfo("setsid", ["sh", "-c", $"cat >/dev/null\n{line}", "sh", .. arguments])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        shell = Process.Start(start)!;
    }

    public void Dispose()
    {
        shell.StandardInput.Close();
        shell.WaitForExit();
        shell.Dispose();
    }
}

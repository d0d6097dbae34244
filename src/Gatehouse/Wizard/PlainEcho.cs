using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.Wizard;

/// <summary>Turns the echo of the terminal on standard input off and on again.</summary>
internal static class PlainEcho
{
    /// <summary>Sets it. A terminal that cannot be told keeps what it has.</summary>
    public static void Set(bool on)
    {
        // Asking stty to do it leaves everything else of the terminal as it is, and .NET's own Console out of it.
        var terminal = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/0");
        try
        {
            using var stty = Process.Start(
                new ProcessStartInfo("stty", ["-F", terminal, on ? "echo" : "-echo"])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            );
            stty?.WaitForExit();
        }
        catch (Win32Exception)
        {
            // There is no stty; Debian's coreutils have it.
        }
    }
}

using System.Diagnostics;
using System.Text;

namespace Gatehouse.EndToEnd;

/// <summary>A shell line on a bare terminal, for bytes as they are and for hanging up. It hangs up when the test process ends,
/// too.</summary>
public sealed class Pty : IDisposable
{
    private readonly Process process;
    private readonly Task reading;
    private readonly StringBuilder output = new();

    public Pty(Tree tree, string term, string line, int width = 80, int height = 24)
    {
        // When this end of the pipe closes, 'kill' ends the whole group, 'script' among it, which holds the terminal's other end.
        const string held = "{ cat; kill -KILL 0; } | script -qefc \"$1\" /dev/null";
        var start = new ProcessStartInfo(
            "setsid",
            [
                "env",
                "-i",
                .. tree.Variables(term, "C.UTF-8"),
                "sh",
                "-c",
                held,
                "sh",
                $"stty rows {height} cols {width}; . \"$ENV\"; {line}",
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = tree.Place,
        };
        process = Process.Start(start)!;
        reading = Task.Run(Read);
    }

    /// <summary>All that was written to the terminal.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        process.StandardInput.BaseStream.Write(bytes);
        process.StandardInput.BaseStream.Flush();
    }

    /// <summary>Waits until nothing is written any more: all that was sent is worked through.</summary>
    public void WaitForStillness()
    {
        var (length, since) = (-1, Stopwatch.GetTimestamp());
        Lab.Until(
            "stillness",
            TimeSpan.FromMinutes(3),
            () =>
            {
                var now = Output.Length;
                if (now != length)
                    (length, since) = (now, Stopwatch.GetTimestamp());
                return Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(2);
            }
        );
    }

    /// <summary>Pulls the plug.</summary>
    public void HangUp()
    {
        process.StandardInput.Close();
        process.WaitForExit();
    }

    public void Dispose()
    {
        HangUp();
        reading.Wait();
        process.Dispose();
    }

    private void Read()
    {
        var buffer = new byte[65536];
        while (process.StandardOutput.BaseStream.Read(buffer) is var count and > 0)
        {
            lock (output)
                output.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Gatehouse.Machines;

/// <summary>Runs a process to its end, with its output, within a time.</summary>
internal static class ProcessRunner
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    public static async ValueTask<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(command.Timeout ?? DefaultTimeout);
        using var process = new Process { StartInfo = Start(command) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new CommandResult(127, "", $"{command.Arguments[0]}: {e.Message}");
        }

        var output = CollectAsync(process.StandardOutput, onLine);
        var error = CollectAsync(process.StandardError, onLine);
        try
        {
            await FeedAsync(process, command.Input, timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            return new CommandResult(124, await Soon(output), $"{await Soon(error)}\ntook longer than {(command.Timeout ?? DefaultTimeout).TotalSeconds:0} s and was ended");
        }

        // A daemon that the command started may hold the pipes open: what is there a moment after the exit is the output.
        return new CommandResult(process.ExitCode, await Soon(output), await Soon(error));
    }

    private static ProcessStartInfo Start(Invocation command)
    {
        var start = new ProcessStartInfo(command.Arguments[0], command.Arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = "/",
        };
        // Debian keeps daemons and their checkers in sbin, which an ordinary user's PATH lacks.
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in command.Variables ?? []) start.Environment[name] = value;
        return start;
    }

    private static async Task FeedAsync(Process process, string input, CancellationToken ct)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The process ended without reading all of it; its exit code tells why.
        }
    }

    private static async Task<string> CollectAsync(StreamReader reader, Action<string>? onLine)
    {
        const int most = 1 << 20;
        var text = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (text.Length < most) text.Append(line).Append('\n');
            onLine?.Invoke(line);
        }

        return text.ToString();
    }

    private static async Task<string> Soon(Task<string> reading) =>
        await Task.WhenAny(reading, Task.Delay(2000)) == reading ? await reading : "";
}

using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Gatehouse.Machines;

/// <summary>Runs a process to its end, with its output, within a time.</summary>
internal static class ProcessRunner
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    // How long a command that ends itself has for it. Debian's slowest package scripts take minutes on a small host.
    private static readonly TimeSpan Farewell = TimeSpan.FromMinutes(30);

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

        var (output, error) = (new StringBuilder(), new StringBuilder());
        var reading = Task.WhenAll(
            CollectAsync(process.StandardOutput, output, onLine),
            CollectAsync(process.StandardError, error, onLine)
        );
        try
        {
            await FeedAsync(process, command.Input, timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            if (command.EndsItself && await EndedAsync(process))
            {
                await Task.WhenAny(reading, Task.Delay(Grace, CancellationToken.None));
                return new CommandResult(process.ExitCode, TextOf(output), TextOf(error));
            }

            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            await Task.WhenAny(reading, Task.Delay(Grace, CancellationToken.None));
            return new CommandResult(
                124,
                TextOf(output),
                $"{TextOf(error)}\ntook longer than {(command.Timeout ?? DefaultTimeout).TotalSeconds:0} s and was stopped"
            );
        }

        // A daemon that the command started may hold the pipes open: what is there a moment after the exit is the output.
        await Task.WhenAny(reading, Task.Delay(Grace, CancellationToken.None));
        return new CommandResult(process.ExitCode, TextOf(output), TextOf(error));
    }

    // Only the command itself receives the signal: what it started is in the middle of something.
    private static async Task<bool> EndedAsync(Process process)
    {
        LibC.Interrupt(process.Id);
        using var patience = new CancellationTokenSource(Farewell);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static ProcessStartInfo Start(Invocation command)
    {
        // In a session of its own: a key or a hang-up at the terminal is for us to obey, and must not end a step halfway.
        var start = new ProcessStartInfo("setsid", command.Arguments)
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
        foreach (var (name, value) in command.Variables ?? [])
            start.Environment[name] = value;
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

    private static async Task CollectAsync(StreamReader reader, StringBuilder text, Action<string>? onLine)
    {
        const int most = 1 << 20;
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (text)
                if (text.Length < most)
                    text.Append(line).Append('\n');
            onLine?.Invoke(line);
        }
    }

    private static string TextOf(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}

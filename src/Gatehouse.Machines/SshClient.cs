using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Gatehouse.Machines;

/// <summary>
/// A host reached with the client of OpenSSH as a process, so that its configuration, agent, jump hosts and hardware keys work
/// as everywhere. All commands share one connection. Host keys are checked strictly; nothing is ever asked by ssh itself.
/// </summary>
/// <param name="destination">The host, or USER@HOST, as ssh takes it; it does not begin with a hyphen.</param>
/// <param name="directory">An existing directory of our own, mode 0700, for the shared connection.</param>
/// <param name="knownHosts">Files with known host keys; empty takes those of ssh's configuration.</param>
public sealed class SshClient(string destination, string directory, ImmutableArray<string> knownHosts) : IAsyncDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    // After the input was cut, the other side puts everything back before it ends.
    private static readonly TimeSpan TimeToPutBack = TimeSpan.FromMinutes(5);
    private const int ConnectionFailed = 255;

    /// <summary>The host as it was named.</summary>
    public string Destination { get; } = destination;

    /// <summary>A word for the remote shell: taken as it is, whatever is in it.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Runs a shell script on the host.</summary>
    /// <param name="script">The script, for /bin/sh; never with a secret in it, for it shows in process lists.</param>
    /// <param name="input">What it gets on standard input; secrets travel here. Null is none.</param>
    /// <param name="onLine">Called with each line it prints.</param>
    /// <param name="holdsInput">Whether standard input stays open until the script ends: its end then tells the script that nobody waits
    /// any more.</param>
    /// <param name="ct">Ends it; a script that holds its input is given time to end by itself.</param>
    /// <exception cref="SshException">The host cannot be reached.</exception>
    public async Task<CommandResult> RunAsync(
        string script,
        Stream? input = null,
        Action<string>? onLine = null,
        bool holdsInput = false,
        CancellationToken ct = default
    )
    {
        using var process = new Process
        {
            StartInfo = Start(
                "ssh",
                [.. Options(), "-o", "ControlMaster=auto", "-o", "ControlPersist=60", "--", Destination, $"exec /bin/sh -c {Quote(script)}"]
            ),
        };
        Begin(process);
        var (output, error) = (new StringBuilder(), new StringBuilder());
        var reading = Task.WhenAll(
            CollectAsync(process.StandardOutput, output, onLine),
            CollectAsync(process.StandardError, error, onLine)
        );
        try
        {
            await FeedAsync(process, input, holdsInput, ct);
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(holdsInput ? TimeToPutBack : Grace);
            await process
                .WaitForExitAsync(patience.Token)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            throw;
        }

        // The shared connection may outlive the first command and hold the pipes open.
        await Task.WhenAny(reading, Task.Delay(Grace, CancellationToken.None));
        var result = new CommandResult(process.ExitCode, TextOf(output), TextOf(error));
        return result.ExitCode == ConnectionFailed ? throw SshException.Of(Destination, result.Error) : result;
    }

    /// <summary>Copies a file to the host.</summary>
    /// <param name="file">The file here.</param>
    /// <param name="path">The path there; its directory exists.</param>
    /// <param name="onBytes">Called with how much was copied so far.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="MachineException">It could not be copied.</exception>
    public async Task CopyAsync(string file, string path, Action<long>? onBytes, CancellationToken ct)
    {
        await using var stream = new CountingStream(File.OpenRead(file), onBytes);
        var result = await RunAsync($"umask 022; cat > {Quote(path)}", stream, ct: ct);
        if (!result.Succeeded)
            throw new MachineException($"{Path.GetFileName(file)} could not be copied to {Destination}{MachineException.Tail(result.All)}");
    }

    /// <summary>How ssh would reach the host by its configuration.</summary>
    public async Task<SshRoute> RouteAsync(CancellationToken ct)
    {
        var result = await ProcessRunner.RunAsync(new Invocation(["ssh", "-G", "--", Destination], Timeout: Short), null, ct);
        return result.Succeeded
            ? SshRoute.Read(result.Output)
            : throw new MachineException($"ssh does not accept the destination '{Destination}'{MachineException.Tail(result.Error)}");
    }

    /// <summary>The keys that the host shows. Nothing vouches for them.</summary>
    public static async Task<ImmutableArray<SshHostKey>> ScanAsync(SshRoute route, CancellationToken ct)
    {
        var result = await ProcessRunner.RunAsync(
            new Invocation(["ssh-keyscan", "-T", "10", "-t", "ed25519,ecdsa,rsa", "-p", route.Port, "--", route.Host], Timeout: Short),
            null,
            ct
        );
        return SshHostKey.Read(result.Output);
    }

    /// <summary>The keys that are known for the host.</summary>
    /// <param name="route">The host.</param>
    /// <param name="files">The known_hosts files to look in; hashed names are found.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ImmutableArray<SshHostKey>> KnownAsync(SshRoute route, IEnumerable<string> files, CancellationToken ct)
    {
        var known = ImmutableArray.CreateBuilder<SshHostKey>();
        foreach (var file in files.Where(File.Exists))
            known.AddRange(
                SshHostKey.Read(
                    (
                        await ProcessRunner.RunAsync(
                            new Invocation(["ssh-keygen", "-F", route.KnownName, "-f", file], Timeout: Short),
                            null,
                            ct
                        )
                    ).Output
                )
            );
        return known.ToImmutable();
    }

    /// <summary>Closes the shared connection.</summary>
    public async ValueTask DisposeAsync() =>
        await ProcessRunner.RunAsync(
            new Invocation(["ssh", .. Options(), "-O", "exit", "--", Destination], Timeout: Short),
            null,
            CancellationToken.None
        );

    private ImmutableArray<string> Options()
    {
        ImmutableArray<string> options =
        [
            "-T",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "UpdateHostKeys=no",
            "-o",
            "ConnectTimeout=15",
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=4",
            "-o",
            "ForwardAgent=no",
            "-o",
            "ForwardX11=no",
            "-o",
            "ClearAllForwardings=yes",
            "-o",
            "PermitLocalCommand=no",
            "-o",
            "RemoteCommand=none",
            "-o",
            $"ControlPath={directory}/%C",
        ];
        return knownHosts.IsEmpty
            ? options
            : options.AddRange("-o", $"UserKnownHostsFile={string.Join(' ', knownHosts.Select(f => $"\"{f}\""))}");
    }

    private static ProcessStartInfo Start(string program, IEnumerable<string> arguments)
    {
        // In a session of its own: Ctrl-C is for us to obey, and ssh has no terminal to ask on.
        var start = new ProcessStartInfo("setsid", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }

    private static void Begin(Process process)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new MachineException($"ssh cannot be started: {e.Message}. 'apt-get install openssh-client' installs it.", e);
        }
    }

    private static async Task FeedAsync(Process process, Stream? input, bool holdsInput, CancellationToken ct)
    {
        try
        {
            if (input is not null)
                await input.CopyToAsync(process.StandardInput.BaseStream, ct);
            await process.StandardInput.BaseStream.FlushAsync(ct);
            if (!holdsInput)
                process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it; its exit code tells why.
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
            onLine?.Invoke(PlainLine.Of(line));
        }
    }

    private static string TextOf(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}

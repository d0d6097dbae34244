using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>What a command left.</summary>
public sealed record Result(int ExitCode, string Output, string Error)
{
    public string All => Output + Error;

    /// <summary>The result, if the exit code is the expected one; otherwise the test fails with all that was printed.</summary>
    public Result Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"expected exit code {exitCode}, got {ExitCode}:\n{All}");
        return this;
    }
}

/// <summary>The lab of real Debian hosts (tests/lab). Hosts end with the test process, however it ends.</summary>
public static class Lab
{
    /// <summary>Within what a host is set up, packages and all, on the slowest machine that is put up with.</summary>
    public static readonly TimeSpan Setup = TimeSpan.FromMinutes(20);

    // Tests name the time that a quiet machine of two processors takes at most; one that is shared takes up to three times as long.
    private const int Slowness = 3;

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(5);
    private static readonly string Script = Path.Combine(Root(), "tests", "lab", "lab.sh");

    /// <summary>The root of the checkout.</summary>
    public static string Root() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    /// <summary>A file of this project.</summary>
    public static string File(params string[] parts) => Path.Combine([Root(), "tests", "Gatehouse.EndToEnd", .. parts]);

    /// <summary>Boots hosts, NAME=ADDRESS each.</summary>
    public static void Up(string kind, params string[] hosts) =>
        Run(["up", "--base", kind, "--owner", $"{Environment.ProcessId}", .. hosts], "", Setup).Expect(0);

    public static void Down(params string[] names) => Run(["down", .. names], "", Soon).Expect(0);

    /// <summary>As if the power failed.</summary>
    public static void Crash(string name) => Run(["crash", name], "", Soon).Expect(0);

    /// <summary>Starts a crashed host again, with its disk.</summary>
    public static void Boot(string name) => Run(["boot", name], "", Soon).Expect(0);

    /// <summary>Pulls a host's cable, or puts it back.</summary>
    /// <param name="name">The host.</param>
    /// <param name="state">"down" or "up".</param>
    public static void Link(string name, string state) => Run(["link", name, state], "", Soon).Expect(0);

    /// <summary>Holds every process of a host where it is, or lets them go on, as a hypervisor does.</summary>
    /// <param name="name">The host.</param>
    /// <param name="state">"on" or "off".</param>
    public static void Freeze(string name, string state) => Run(["freeze", name, state], "", Soon).Expect(0);

    /// <summary>Lets the lab's name server answer more, e.g. <c>example.org MX 10 mx1.lab.example.</c>; what comes back takes all records
    /// of these names back to the lab's own.</summary>
    public static IDisposable Dns(params string[] records)
    {
        Run(["dns", "add", .. records], "", Soon).Expect(0);
        return new Names([.. records.Select(r => r.Split(' ')[0]).Distinct(StringComparer.OrdinalIgnoreCase)]);
    }

    /// <summary>Takes the records of a name away, all or those of a type; what comes back puts them back.</summary>
    public static IDisposable WithoutDns(string name, string type = "")
    {
        Run(type.Length == 0 ? ["dns", "remove", name] : ["dns", "remove", name, type], "", Soon).Expect(0);
        return new Names([name]);
    }

    /// <summary>The file of the private key that root's SSH login takes.</summary>
    public static string Key() => Run(["key"], "", Soon).Expect(0).Output.Trim();

    public static void Push(string name, string source, string target) => Run(["push", name, source, target], "", Soon).Expect(0);

    /// <summary>Writes a text into a file of a host.</summary>
    public static void Write(string name, string path, string text, string mode = "0644")
    {
        var directory = Path.GetDirectoryName(path)!;
        Exec(name, ["sh", "-c", $"mkdir -p {directory} && cat > {path} && chmod {mode} {path}"], text).Expect(0);
    }

    /// <summary>Runs a command in a host.</summary>
    public static Result Exec(string name, params string[] command) => Exec(name, command, "");

    public static Result Exec(string name, string[] command, string input) => Run(["exec", name, "--", .. command], input, Setup);

    /// <summary>Runs a shell line in a host.</summary>
    public static Result Shell(string name, string line) => Exec(name, "sh", "-c", line);

    /// <summary>Starts a command in a host and leaves it running, with its output to read.</summary>
    public static Process Start(string name, params string[] command) => StartProcess(Script, ["exec", name, "--", .. command]);

    /// <summary>Runs a program on the machine itself.</summary>
    public static Result Local(string program, params string[] arguments) => Finish(StartProcess(program, arguments), "", Soon);

    /// <summary>Polls until a condition holds.</summary>
    /// <param name="what">What is waited for, for the message.</param>
    /// <param name="within">Within what it comes on a quiet machine.</param>
    /// <param name="holds">Whether it is there.</param>
    public static void Until(string what, TimeSpan within, Func<bool> holds) => Poll(what, within, () => holds() ? null : "");

    /// <summary>Runs something again until it succeeds, and tells what it said last when it never does.</summary>
    public static Result UntilDone(string what, TimeSpan within, Func<Result> work)
    {
        var result = new Result(0, "", "");
        Poll(what, within, () => (result = work()).ExitCode == 0 ? null : $"; exit {result.ExitCode}: {result.All}");
        return result;
    }

    // Most looks start a program in a host. The pause is as long as the look was, or looking alone would keep the machine busy.
    private static void Poll(string what, TimeSpan within, Func<string?> missing)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var look = Stopwatch.GetTimestamp();
            if (missing() is not { } problem)
                return;
            Assert.True(
                Stopwatch.GetElapsedTime(start) < Slowness * within,
                $"{what}: not within {Slowness * within.TotalSeconds:0} s{problem}"
            );
            Thread.Sleep(Math.Clamp((int)Stopwatch.GetElapsedTime(look).TotalMilliseconds, 100, 2000));
        }
    }

    private sealed record Names(string[] Changed) : IDisposable
    {
        public void Dispose() => Run(["dns", "reset", .. Changed], "", Soon).Expect(0);
    }

    private static string ThisFile([CallerFilePath] string file = "") => file;

    private static Result Run(string[] arguments, string input, TimeSpan timeout) =>
        Finish(StartProcess(Script, arguments), input, timeout);

    private static Process StartProcess(string program, string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = "/",
            }
        )!;

    private static Result Finish(Process process, string input, TimeSpan timeout)
    {
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            try
            {
                process.StandardInput.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The command read no input; its exit code tells the rest.
            }

            if (!process.WaitForExit(timeout))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail(
                    $"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)} took longer than "
                        + $"{timeout.TotalSeconds:0} s"
                );
            }

            return new Result(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
    }
}

using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;

namespace Gatehouse.Machines;

/// <summary>A command to run.</summary>
/// <param name="Arguments">Program and arguments; never a secret, for they show in the process list.</param>
/// <param name="Input">Standard input; secrets travel here.</param>
/// <param name="Timeout">After this long it is ended and counts as failed.</param>
/// <param name="Variables">Environment variables to add.</param>
/// <param name="EndsItself">
/// Whether the command must never be killed, because it would leave the host half changed: when it is cancelled it receives
/// SIGINT, which it obeys between two steps of its own, and is waited for.
/// </param>
public sealed record Invocation(
    ImmutableArray<string> Arguments,
    string Input = "",
    TimeSpan? Timeout = null,
    ImmutableDictionary<string, string>? Variables = null,
    bool EndsItself = false
)
{
    /// <summary>A command from its words.</summary>
    public static Invocation Of(params ReadOnlySpan<string> arguments) => new([.. arguments]);

    /// <summary>The command as it would be typed.</summary>
    public override string ToString() => string.Join(' ', Arguments);
}

/// <summary>What a command left.</summary>
/// <param name="ExitCode">Its exit code; 127 when there is no such program, 124 when it took too long.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Whether it exited with 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>Output and error together.</summary>
    public string All =>
        Error.Length == 0 ? Output
        : Output.Length == 0 ? Error
        : $"{Output}\n{Error}";
}

/// <summary>What to put at a path.</summary>
/// <param name="Kind">File, directory or link.</param>
/// <param name="Owner">Final owner and mode, from the first moment on.</param>
/// <param name="Content">Content of a file.</param>
/// <param name="Target">Target of a link.</param>
public sealed record Item(EntryKind Kind, Ownership Owner, FileContent? Content = null, string Target = "");

/// <summary>
/// A machine that Gatehouse works on. The few verbs everything else is made of; paths are absolute on the machine.
/// Failures throw <see cref="MachineException"/>.
/// </summary>
public interface IMachine
{
    /// <summary>Its name, for messages.</summary>
    string Name { get; }

    /// <summary>Whether it is a running system, with units and packages, rather than a tree of files.</summary>
    bool IsLive { get; }

    /// <summary>Reads a file, or returns null when there is none.</summary>
    ValueTask<FileContent?> ReadAsync(string path, CancellationToken ct);

    /// <summary>What is at a path; links are not followed. A file's hash is included.</summary>
    ValueTask<PathState> StatAsync(string path, CancellationToken ct);

    /// <summary>Puts something at a path, replacing what is there in one step that survives a power loss. Missing parents are
    /// made.</summary>
    ValueTask WriteAsync(string path, Item item, CancellationToken ct);

    /// <summary>Takes away a file, a link or an empty directory; nothing happens when there is none.</summary>
    ValueTask RemoveAsync(string path, CancellationToken ct);

    /// <summary>The names in a directory, sorted; empty when there is none.</summary>
    ValueTask<ImmutableArray<string>> ListAsync(string path, CancellationToken ct);

    /// <summary>Runs a command to its end.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="onLine">Called with each line of output and error as it comes.</param>
    /// <param name="ct">Ends the command and everything it started; one that ends itself is asked to stop, and its result is
    /// returned.</param>
    ValueTask<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct);
}

/// <summary>Something on a machine failed.</summary>
public class MachineException : Exception
{
    /// <summary>Says what failed.</summary>
    public MachineException(string message, Exception? inner = null)
        : base(message, inner) { }

    /// <summary>A command that failed, with the last lines it printed.</summary>
    public static MachineException Of(Invocation command, CommandResult result) =>
        new($"'{command}' exited with {result.ExitCode}{Tail(result.All)}");

    /// <summary>The last lines of an output, ready to append to a message.</summary>
    public static string Tail(string output, int lines = 12)
    {
        var all = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return all.Length == 0 ? " and printed nothing." : ":\n" + string.Join('\n', all.TakeLast(lines).Select(l => "    " + l));
    }
}

using System.Collections.Immutable;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Machines;

namespace Gatehouse.Tests.Machines;

/// <summary>A machine on which the process is killed right after a path was written.</summary>
internal sealed class CutOffAfter(IMachine inner, string path) : IMachine
{
    private bool dead;

    /// <summary>A program after whose run, with what is not a look or a download, the process is killed as well; empty for none.</summary>
    public string AfterCommand { get; init; } = "";

    public string Name => inner.Name;

    public bool IsLive => inner.IsLive;

    public ValueTask<FileContent?> ReadAsync(string path, CancellationToken ct) => inner.ReadAsync(path, ct);

    public ValueTask<PathState> StatAsync(string path, CancellationToken ct) => inner.StatAsync(path, ct);

    public ValueTask RemoveAsync(string path, CancellationToken ct) => dead ? throw new KilledException() : inner.RemoveAsync(path, ct);

    public ValueTask<ImmutableArray<string>> ListAsync(string path, CancellationToken ct) => inner.ListAsync(path, ct);

    public async ValueTask<CommandResult> RunAsync(Invocation command, Action<string>? onLine, CancellationToken ct)
    {
        if (dead)
            throw new KilledException();
        var result = await inner.RunAsync(command, onLine, ct);
        if (command.Arguments[0] != AfterCommand || command.Arguments.Contains("--download-only"))
            return result;
        dead = true;
        throw new KilledException();
    }

    public async ValueTask WriteAsync(string written, Item item, CancellationToken ct)
    {
        await inner.WriteAsync(written, item, ct);
        if (written == path)
            throw new KilledException();
    }
}

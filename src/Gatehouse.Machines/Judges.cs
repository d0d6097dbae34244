using System.Collections.Immutable;
using Gatehouse.Core.Rendering;

namespace Gatehouse.Machines;

/// <summary>Has the daemons judge staged files.</summary>
public interface IChecker
{
    /// <summary>Stages the node's files and runs the checks, several at a time; results in the order of the checks.</summary>
    Task<ImmutableArray<CheckResult>> JudgeAsync(RenderedNode node, ImmutableArray<RenderedCheck> checks, CancellationToken ct);
}

/// <summary>Probes running services.</summary>
public interface IVerifier
{
    /// <summary>Runs a verification until it passes or its time is over; the last result is returned.</summary>
    Task<ProbeResult> VerifyAsync(Verification verification, CancellationToken ct);
}

/// <summary>Checks in a <see cref="CheckSandbox"/>.</summary>
/// <param name="directory">A directory for the stage, on a real file system.</param>
public sealed class SandboxChecker(string directory) : IChecker
{
    /// <inheritdoc/>
    public async Task<ImmutableArray<CheckResult>> JudgeAsync(RenderedNode node, ImmutableArray<RenderedCheck> checks, CancellationToken ct)
    {
        if (checks.IsEmpty)
            return [];
        using var sandbox = await CheckSandbox.StageAsync(node, directory, ct);
        using var gate = new SemaphoreSlim(Math.Max(2, Environment.ProcessorCount));
        return [.. await Task.WhenAll(checks.Select(RunAsync))];

        async Task<CheckResult> RunAsync(RenderedCheck check)
        {
            await gate.WaitAsync(ct);
            try
            {
                return await sandbox.RunAsync(check, ct);
            }
            finally
            {
                gate.Release();
            }
        }
    }
}

using Gatehouse.Core.Clusters;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>
/// Waits until a version that was verified on this node is approved; then the others follow it. When this program ends, for whatever
/// reason, the version is withdrawn, because nothing would be left to see the approval.
/// </summary>
/// <param name="registry">The registry.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Is told what it waits for.</param>
internal sealed class ApprovalWait(ClusterRegistry registry, TimeProvider clock, IApplyLog log)
{
    /// <summary>Waits.</summary>
    /// <param name="version">The version, which this node applied and verified.</param>
    /// <param name="mode">Which approval it needs.</param>
    /// <param name="own">The name of this node.</param>
    /// <param name="ct">Ends it; the version is withdrawn then.</param>
    /// <returns>Why the version was withdrawn; empty when it was approved and the others follow.</returns>
    public async Task<string> RunAsync(long version, ApprovalMode mode, string own, CancellationToken ct)
    {
        log.Note(
            $"Verified here. Settings version {version} waits for approval: {ApprovalRules.HowTo(mode, version, own)}. It waits for "
                + $"{Timeouts.Change.TotalMinutes:0} minutes; Ctrl-C withdraws it."
        );
        var end = clock.GetUtcNow() + Timeouts.Change;
        while (!ct.IsCancellationRequested && clock.GetUtcNow() < end)
        {
            try
            {
                switch (await registry.SettingsAsync(version, CancellationToken.None))
                {
                    case { State: SettingsState.Withdrawn } withdrawn:
                        return withdrawn.Note;
                    case { State: SettingsState.Following or SettingsState.Good }:
                        return "";
                }

                if (
                    await registry.IsApprovedAsync(version, CancellationToken.None)
                    && await registry.MarkSettingsAsync(version, SettingsState.Trying, SettingsState.Following, "", CancellationToken.None)
                )
                {
                    foreach (var approval in await registry.ApprovalsAsync(version, CancellationToken.None))
                        log.Note($"Approved by {approval.By}{(approval.ByToken ? " with the master token" : "")}");
                    return "";
                }
            }
            catch (RegistryException e) when (e.Failure is RegistryFailure.Unreachable or RegistryFailure.NotAllowed)
            {
                // The registry may fail over meanwhile, and a member that approved may leave between the two statements.
            }

            await Task.WhenAny(Task.Delay(Timeouts.Pause, clock, ct));
        }

        var why = ct.IsCancellationRequested
            ? $"cancelled on {own} before it was approved"
            : $"not approved within {Timeouts.Change.TotalMinutes:0} minutes";
        return await registry.MarkSettingsAsync(version, SettingsState.Trying, SettingsState.Withdrawn, why, CancellationToken.None) ? why
            // Approved or rejected in the last moment.
            : await registry.SettingsAsync(version, CancellationToken.None) is { State: SettingsState.Withdrawn } late ? late.Note
            : "";
    }
}

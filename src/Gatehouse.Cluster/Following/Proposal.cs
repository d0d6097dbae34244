using System.Collections.Immutable;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Clusters;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Registry;

namespace Gatehouse.Cluster.Following;

/// <summary>A change to the cluster's settings, as every member shows it: who proposed what, and who approved it.</summary>
/// <param name="Version">The version.</param>
/// <param name="Author">The name of the node that proposed it.</param>
/// <param name="Needed">Which approval it needs.</param>
/// <param name="Approvals">Those that were given.</param>
/// <param name="Changes">What it changes, a line each.</param>
internal sealed record Proposal(
    SettingsVersion Version,
    string Author,
    ApprovalMode Needed,
    ImmutableArray<SettingsApproval> Approvals,
    ImmutableArray<string> Changes
)
{
    /// <summary>Whether it waits for an approval.</summary>
    public bool Waits => Version.State == SettingsState.Trying && Needed != ApprovalMode.None;

    /// <summary>The newest changes, newest first.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="screens">What can be answered.</param>
    /// <param name="most">How many.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<ImmutableArray<Proposal>> ListAsync(
        ClusterRegistry registry,
        ClusterView view,
        ScreenSet screens,
        int most,
        CancellationToken ct
    )
    {
        var list = ImmutableArray.CreateBuilder<Proposal>();
        foreach (var version in await registry.SettingsHistoryAsync(most, ct))
            list.Add(await OfAsync(registry, view, screens, version, ct));
        return list.ToImmutable();
    }

    /// <summary>One change.</summary>
    public static async Task<Proposal> OfAsync(
        ClusterRegistry registry,
        ClusterView view,
        ScreenSet screens,
        SettingsVersion version,
        CancellationToken ct
    ) =>
        new(
            version,
            view.Node(version.Author)?.Name ?? $"node {version.Author}",
            await registry.NeededApprovalAsync(version.Number, ct),
            await registry.ApprovalsAsync(version.Number, ct),
            version.Base == 0
                ? []
                : Compare((await registry.SettingsAsync(version.Base, ct))?.Answers ?? "version: 1\n", version.Answers, screens)
        );

    private static ImmutableArray<string> Compare(string before, string after, ScreenSet screens)
    {
        var report = new Core.Reports.Report();
        var (was, now) = (Read(before), Read(after));
        // Members do not follow what they cannot read; nobody needs to approve it.
        return report.HasErrors
            ? ["the answers cannot be read: " + report.First(f => f.Severity == Core.Reports.Severity.Error).Message]
            : ProposedChanges.Of(was, now, screens);

        Answers Read(string text) => AnswerFile.Read("the cluster's settings", System.Text.Encoding.UTF8.GetBytes(text), screens, report);
    }
}

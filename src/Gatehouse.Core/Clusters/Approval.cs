using Gatehouse.Core.Answering;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Clusters;

/// <summary>An approval that was given.</summary>
/// <param name="Node">The number of the node that it was given on.</param>
/// <param name="By">The node's name, and the administrator there, where one is known.</param>
/// <param name="ByToken">Whether with the master token.</param>
/// <param name="At">When.</param>
public sealed record SettingsApproval(int Node, string By, bool ByToken, DateTimeOffset At);

/// <summary>Approval of changes, as the answers ask for it.</summary>
public static class ApprovalRules
{
    /// <summary>The answer that says which approval changes need.</summary>
    public const string Path = "cluster.approval";

    /// <summary>Which approval answers ask for; null when they say something else.</summary>
    /// <param name="cluster">The cluster's answers.</param>
    public static ApprovalMode? ModeOf(Answers cluster) =>
        cluster.Text(Path) switch
        {
            null or "none" => ApprovalMode.None,
            "member" => ApprovalMode.Member,
            "token" => ApprovalMode.Token,
            _ => null,
        };

    /// <summary>
    /// Why a member does not follow a version; null when it does. The registry cannot read answers: it was told which approval they ask
    /// for, and a member that lied about that would have changed what the next version needs.
    /// </summary>
    /// <param name="version">The version as the registry has it.</param>
    /// <param name="cluster">Its answers.</param>
    public static string? Refusal(SettingsVersion version, Answers cluster) =>
        ModeOf(cluster) == version.Approval
            ? null
            : $"settings version {version.Number} is not followed: its answers say '{cluster.Text(Path) ?? "none"}' for {Path}, and the "
                + $"registry was told '{Word(version.Approval)}'. The node that proposed it did not use this program as it is; find out "
                + $"what runs there.";

    /// <summary>How to give an approval, as the end of a sentence.</summary>
    /// <param name="mode">Which one is needed.</param>
    /// <param name="number">The version.</param>
    /// <param name="author">The name of the node that proposed it.</param>
    public static string HowTo(ApprovalMode mode, long number, string author) =>
        mode == ApprovalMode.Token
            ? $"'gatehouse cluster approve {number}' on any member approves it and takes the master token"
            : $"'gatehouse cluster approve {number}' on another member than {author} approves it";

    /// <summary>The word for a mode in answers and in the registry.</summary>
    public static string Word(ApprovalMode mode) =>
        mode switch
        {
            ApprovalMode.None => "none",
            ApprovalMode.Member => "member",
            _ => "token",
        };
}

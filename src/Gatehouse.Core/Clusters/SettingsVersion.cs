using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Clusters;

/// <summary>How far a settings version has come.</summary>
public enum SettingsState
{
    /// <summary>Being applied on the node it was edited on.</summary>
    Trying,

    /// <summary>Verified there; the others apply it.</summary>
    Following,

    /// <summary>In force on every node that could be reached.</summary>
    Good,

    /// <summary>It failed somewhere; everybody went back to the version before.</summary>
    Withdrawn,
}

/// <summary>The cluster-wide answers as they were at a time.</summary>
/// <param name="Number">From 1, growing; never used again.</param>
/// <param name="Base">The version it was edited from.</param>
/// <param name="Answers">The answer file, with sealed secrets by reference.</param>
/// <param name="State">How far it has come.</param>
/// <param name="Author">The number of the node it was edited on.</param>
/// <param name="Created">When.</param>
/// <param name="Note">Why it was withdrawn; empty otherwise.</param>
public sealed record SettingsVersion(
    long Number,
    long Base,
    string Answers,
    SettingsState State,
    int Author,
    DateTimeOffset Created,
    string Note
)
{
    /// <summary>Which approval its answers ask for: the version after it needs this.</summary>
    public ApprovalMode Approval { get; init; }
}

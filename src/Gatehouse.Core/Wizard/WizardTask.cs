using System.Collections.Immutable;

namespace Gatehouse.Core.Wizard;

/// <summary>One thing the wizard can do: an answer to its first question.</summary>
/// <param name="Id">Its name in a draft.</param>
/// <param name="Title">What it is called.</param>
/// <param name="Help">What it means for the host.</param>
/// <param name="Profile">The profile it sets; empty keeps the one in force.</param>
/// <param name="NeedsNode">Whether it is for a host that is set up already (true), or for one that is not (false).</param>
public sealed record WizardTask(string Id, string Title, string Help, string Profile, bool NeedsNode)
{
    /// <summary>Everything this version can do, in the order it is offered. Starting and joining a cluster and importing a node come with their engines.</summary>
    public static ImmutableArray<WizardTask> All { get; } =
    [
        new("change", "Change this node's settings", "The settings in force are shown; what you change is compared with them before anything happens.", "", true),
        new("gateway", "Set up one mail gateway", "Everything on this host: it takes mail, scans it, hands it on, and has its management web. No cluster.", "standalone", false),
    ];

    /// <summary>What can be done on this host.</summary>
    /// <param name="isSetUp">Whether a configuration of ours is in force.</param>
    public static ImmutableArray<WizardTask> For(bool isSetUp) => [.. All.Where(t => t.NeedsNode == isSetUp)];

    /// <summary>A task by its id, or null.</summary>
    public static WizardTask? Find(string id) => All.FirstOrDefault(t => t.Id == id);
}

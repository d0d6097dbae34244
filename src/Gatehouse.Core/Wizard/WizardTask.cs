using System.Collections.Immutable;

namespace Gatehouse.Core.Wizard;

/// <summary>What a host is when the wizard begins. Each thing the wizard can do is for some of these.</summary>
[Flags]
public enum HostState
{
    /// <summary>Nothing of ours is in force.</summary>
    Bare = 1,

    /// <summary>A gateway of ours, by itself.</summary>
    Gateway = 2,

    /// <summary>A member of a cluster.</summary>
    Member = 4,

    /// <summary>A host that got its certificate from a cluster, and was interrupted before it was set up.</summary>
    Joining = 8,

    /// <summary>A member that started its cluster, and whose operator has not seen the keys to the end.</summary>
    Unkept = 16,
}

/// <summary>One thing the wizard can do: an answer to its first question.</summary>
/// <param name="Id">Its name in a draft, in the plain mode, and in the screens that belong to it.</param>
/// <param name="Title">What it is called.</param>
/// <param name="Help">What it means for the host.</param>
/// <param name="Profile">The profile it sets; empty keeps the one in force.</param>
/// <param name="Hosts">The hosts it is for.</param>
public sealed record WizardTask(string Id, string Title, string Help, string Profile, HostState Hosts)
{
    /// <summary>Whether it asks for the settings themselves, rather than only what is on its own screens.</summary>
    public bool AsksSettings { get; init; } = true;

    /// <summary>Whether it works only where services run, not in a tree.</summary>
    public bool NeedsHost { get; init; }

    /// <summary>Sets up a gateway.</summary>
    public static WizardTask Gateway { get; } =
        new(
            "gateway",
            "Set up one mail gateway",
            "Everything on one host: it receives, scans and delivers mail, and runs its own management web. No cluster.",
            "standalone",
            HostState.Bare
        );

    /// <summary>Changes what is set up.</summary>
    public static WizardTask Change { get; } =
        new(
            "change",
            "Change this node's settings",
            "Shows the settings in force; your changes are compared with them before anything happens.",
            "",
            HostState.Gateway | HostState.Member | HostState.Unkept
        );

    /// <summary>Starts a cluster.</summary>
    public static WizardTask Start { get; } =
        new(
            "start",
            "Start a cluster",
            "This host becomes the first node and creates the cluster's CA, keys and registry. Other nodes join it later.",
            "full",
            HostState.Bare | HostState.Gateway
        )
        {
            NeedsHost = true,
        };

    /// <summary>Joins a cluster.</summary>
    public static WizardTask Join { get; } =
        new(
            "join",
            "Join a cluster",
            "This host becomes a member of an existing cluster, with a join code that was created for it on a member.",
            "",
            HostState.Bare | HostState.Gateway | HostState.Joining
        )
        {
            NeedsHost = true,
            AsksSettings = false,
        };

    /// <summary>Goes on with a join that has its certificate.</summary>
    public static WizardTask Rejoin { get; } =
        new(
            "rejoin",
            "Continue joining a cluster",
            "This host already has its certificate and needs no code; the join continues where it stopped.",
            "",
            HostState.Joining
        )
        {
            NeedsHost = true,
            AsksSettings = false,
        };

    /// <summary>Shows the keys of a new cluster to an operator who was cut off before.</summary>
    public static WizardTask Keep { get; } =
        new(
            "keep",
            "See the new cluster's keys",
            "They were shown, but not confirmed as kept. They stay available until you confirm that.",
            "",
            HostState.Unkept
        )
        {
            NeedsHost = true,
            AsksSettings = false,
        };

    /// <summary>Brings further nodes in.</summary>
    public static WizardTask Grow { get; } =
        new("grow", "Bring further nodes into the cluster", "Creates join codes, or sets up hosts over SSH.", "", HostState.Member)
        {
            NeedsHost = true,
            AsksSettings = false,
        };

    /// <summary>Everything this version can do, in the order it is offered. Importing a node comes with its engine.</summary>
    public static ImmutableArray<WizardTask> All { get; } = [Keep, Rejoin, Change, Gateway, Start, Join, Grow];

    /// <summary>What can be done on a host.</summary>
    /// <param name="host">What it is.</param>
    /// <param name="isHost">Whether it is a host at all, rather than a tree.</param>
    public static ImmutableArray<WizardTask> For(HostState host, bool isHost) =>
        [.. All.Where(t => t.Hosts.HasFlag(host) && (isHost || !t.NeedsHost))];

    /// <summary>A task by its id, or null.</summary>
    public static WizardTask? Find(string id) => All.FirstOrDefault(t => t.Id == id);
}

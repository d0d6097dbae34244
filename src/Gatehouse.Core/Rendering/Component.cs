using System.Collections.Immutable;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Rendering;

/// <summary>One configured daemon, as declared in <c>templates/NAME/component.yaml</c>. Texts may hold template expressions.</summary>
public sealed record Component
{
    /// <summary>Its name and folder.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, in a few words.</summary>
    public required string Summary { get; init; }

    /// <summary>Components are applied in this order.</summary>
    public required int Order { get; init; }

    /// <summary>Roles that need it; empty means every node.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>A setting that must hold for the component to be used; empty means always.</summary>
    public string When { get; init; } = "";

    /// <summary>Debian packages.</summary>
    public ImmutableArray<string> Packages { get; init; } = [];

    /// <summary>Directories, files, links, and files that must not be there.</summary>
    public ImmutableArray<ComponentEntry> Entries { get; init; } = [];

    /// <summary>Group memberships of system users.</summary>
    public ImmutableArray<Membership> Members { get; init; } = [];

    /// <summary>Commands to run when a file changed.</summary>
    public ImmutableArray<Reaction> Reactions { get; init; } = [];

    /// <summary>systemd units.</summary>
    public ImmutableArray<ComponentUnit> Units { get; init; } = [];

    /// <summary>The TCP ports that its units listen on, each text one or several, separated by spaces. Nothing else may hold
    /// them.</summary>
    public ImmutableArray<string> Listens { get; init; } = [];

    /// <summary>Directories of its own that its checker writes to; where checks run without root, empty ones stand in for them.</summary>
    public ImmutableArray<string> Scratch { get; init; } = [];

    /// <summary>What judges the staged files.</summary>
    public ImmutableArray<Check> Checks { get; init; } = [];

    /// <summary>What proves that the running service works.</summary>
    public ImmutableArray<Verification> Verifications { get; init; } = [];
}

/// <summary>What a component puts at a path.</summary>
/// <param name="Kind">Directory, file, link or absent.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="Source">Template of a file, target of a link.</param>
/// <param name="Owner">Owner and mode.</param>
/// <param name="Secret">Whether the content may hold secrets and must never be shown.</param>
/// <param name="When">A setting that must hold.</param>
/// <param name="Keeps">The kind of shared file whose other lines are kept; empty for a file that is ours whole.</param>
/// <param name="OnlyWith">A path without which the entry is not wanted on a machine; empty for always.</param>
public sealed record ComponentEntry(
    EntryKind Kind,
    string Path,
    string Source,
    Ownership Owner,
    bool Secret,
    string When,
    string Keeps,
    string OnlyWith
);

/// <summary>What there is at a path.</summary>
public enum EntryKind
{
    /// <summary>Nothing.</summary>
    Absent,

    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Link,
}

/// <summary>A system user that belongs to a further group, and the unit that notices only by a restart.</summary>
public sealed record Membership(string User, string Group, string Unit);

/// <summary>A command that takes over changed files where no unit does.</summary>
/// <param name="Run">The command and its arguments.</param>
/// <param name="On">Paths (or path prefixes ending in /) that call for it.</param>
public sealed record Reaction(ImmutableArray<string> Run, ImmutableArray<string> On);

/// <summary>A systemd unit and what makes it reload or restart.</summary>
/// <param name="Name">Unit name.</param>
/// <param name="Running">Whether it is to run and start at boot, or neither.</param>
/// <param name="Restart">Paths (or prefixes ending in /) whose change needs a restart.</param>
/// <param name="Reload">Paths (or prefixes ending in /) whose change needs a reload only.</param>
/// <param name="When">A setting that must hold.</param>
public sealed record ComponentUnit(string Name, bool Running, ImmutableArray<string> Restart, ImmutableArray<string> Reload, string When);

/// <summary>A judgement of the staged files by the program that will read them, run where they stand at their real paths.</summary>
/// <param name="Name">What is checked.</param>
/// <param name="Program">The daemon's program: without it there is nothing to judge with.</param>
/// <param name="Run">The command and its arguments.</param>
/// <param name="Input">Standard input; empty for none.</param>
/// <param name="Exits">Exit codes that mean "good".</param>
/// <param name="Fatal">Regular expressions for output that means "bad" whatever the exit code.</param>
/// <param name="Wanted">Regular expressions that the output must match.</param>
/// <param name="ManyUsers">Whether the program changes to another user while it checks, which takes root or subordinate ids
/// (subuid(5)).</param>
/// <param name="When">A setting that must hold.</param>
public sealed record Check(
    string Name,
    string Program,
    ImmutableArray<string> Run,
    string Input,
    ImmutableArray<int> Exits,
    ImmutableArray<string> Fatal,
    ImmutableArray<string> Wanted,
    bool ManyUsers,
    string When
);

/// <summary>A probe of the running service.</summary>
/// <param name="Name">What it proves.</param>
/// <param name="Kind">Which probe: unit, run, talk, smtp, https.</param>
/// <param name="Parameters">What the probe needs, by name.</param>
/// <param name="Within">How long to wait for it to succeed.</param>
/// <param name="When">A setting that must hold.</param>
public sealed record Verification(
    string Name,
    string Kind,
    ImmutableSortedDictionary<string, string> Parameters,
    TimeSpan Within,
    string When
);

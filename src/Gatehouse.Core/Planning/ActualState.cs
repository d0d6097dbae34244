using System.Collections.Immutable;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Values;

namespace Gatehouse.Core.Planning;

/// <summary>What there is at a path now.</summary>
/// <param name="Kind">Nothing, file, directory or link.</param>
/// <param name="Hash">SHA-256 of a file's content.</param>
/// <param name="Target">Target of a link.</param>
/// <param name="Owner">Owner and mode.</param>
public sealed record PathState(EntryKind Kind, string Hash, string Target, Ownership Owner)
{
    /// <summary>Nothing is there.</summary>
    public static PathState Nothing { get; } = new(EntryKind.Absent, "", "", Ownership.Default);

    /// <summary>Whether the path is as an entry asks.</summary>
    public bool Fulfils(RenderedEntry entry) =>
        Kind == entry.Kind
        && entry.Kind switch
        {
            EntryKind.Absent => true,
            EntryKind.Link => Target == entry.Target,
            EntryKind.Directory => Owner == entry.Owner,
            _ => Hash == entry.Hash && Owner == entry.Owner,
        };
}

/// <summary>A unit's state as systemd gives it.</summary>
/// <param name="Known">Whether systemd has such a unit.</param>
/// <param name="Active">Whether it runs.</param>
/// <param name="Enabled">Whether it starts at boot (or is started by something else: static, indirect, alias).</param>
public sealed record UnitState(bool Known, bool Active, bool Enabled);

/// <summary>The part of a machine that a plan is about.</summary>
/// <param name="Paths">State of every path asked about.</param>
/// <param name="MissingPackages">Packages that are asked for and not installed.</param>
/// <param name="MissingMembers">Memberships that are asked for and not there.</param>
/// <param name="Units">State of every unit asked about; empty when no unit is to be touched (a tree instead of a machine).</param>
/// <param name="HasUnits">Whether units are managed at all.</param>
public sealed record ActualState(
    ImmutableDictionary<string, PathState> Paths,
    ImmutableArray<string> MissingPackages,
    ImmutableArray<Membership> MissingMembers,
    ImmutableDictionary<string, UnitState> Units,
    bool HasUnits
)
{
    /// <summary>What is at a path.</summary>
    public PathState At(string path) => Paths.GetValueOrDefault(path, PathState.Nothing);
}

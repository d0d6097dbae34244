using System.Collections.Immutable;

namespace Gatehouse.Core.Screens;

/// <summary>All screens, in their order.</summary>
public sealed class ScreenSet
{
    /// <summary>Sorts the screens by their order.</summary>
    public ScreenSet(IEnumerable<Screen> screens) => Screens = [.. screens.OrderBy(s => s.Order)];

    /// <summary>The screens in the order they are shown.</summary>
    public ImmutableArray<Screen> Screens { get; }

    /// <summary>Every field of every screen.</summary>
    public IEnumerable<Field> Fields => Screens.SelectMany(s => s.Fields);

    /// <summary>A screen by its id, or null.</summary>
    public Screen? this[string id] => Screens.FirstOrDefault(s => s.Id == id);

    /// <summary>The screens that a profile needs. An answer file may hold the others too.</summary>
    public IEnumerable<Screen> For(Profile profile) =>
        Screens.Where(s => (!s.Clustered || profile.Clustered) && (s.Roles.IsEmpty || s.Roles.Any(r => profile.Roles.Contains(r))));
}

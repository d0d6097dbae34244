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

    /// <summary>The screen that a field stands on.</summary>
    public Screen ScreenOf(Field field) => this[field.Path.Split('.')[0]] ?? throw new ArgumentException($"no screen has the field '{field.Path}'", nameof(field));

    /// <summary>A screen by its id, or null.</summary>
    public Screen? this[string id] => Screens.FirstOrDefault(s => s.Id == id);

    /// <summary>
    /// Whether a profile has the duties that a field is about. Answers to the others are left unread: one answer file may
    /// serve nodes of every profile. What only members of a cluster are asked (<see cref="Screen.Clustered"/>) counts
    /// everywhere, for a node may be prepared for its cluster.
    /// </summary>
    public bool Serves(Field field, Profile profile) => ScreenOf(field).Roles is var roles && (roles.IsEmpty || roles.Any(r => profile.Roles.Contains(r)));

    /// <summary>The screens that a profile needs. An answer file may hold the others too.</summary>
    public IEnumerable<Screen> For(Profile profile) =>
        Screens.Where(s => (!s.Clustered || profile.Clustered) && (s.Roles.IsEmpty || s.Roles.Any(r => profile.Roles.Contains(r))));
}

using System.Collections.Immutable;

namespace Gatehouse.Core.Screens;

/// <summary>All screens, in their order.</summary>
public sealed class ScreenSet
{
    /// <summary>Sorts the screens by their order.</summary>
    /// <exception cref="FormatException">A task's screen asks for a field that no screen has.</exception>
    public ScreenSet(IEnumerable<Screen> screens)
    {
        var all = screens.OrderBy(s => s.Order).ToLookup(s => s.Task.Length > 0);
        Screens = [.. all[false]];
        TaskScreens = [.. all[true].Select(s => s with { Fields = [.. s.Fields, .. s.Asks.Select(Asked)] })];
    }

    /// <summary>The screens of settings, in the order they are shown.</summary>
    public ImmutableArray<Screen> Screens { get; }

    /// <summary>The screens of the wizard's tasks, with the fields of other screens that they ask.</summary>
    public ImmutableArray<Screen> TaskScreens { get; }

    /// <summary>Every field of every screen of settings.</summary>
    public IEnumerable<Field> Fields => Screens.SelectMany(s => s.Fields);

    /// <summary>The screen that a field stands on.</summary>
    public Screen ScreenOf(Field field) =>
        this[field.Path.Split('.')[0]] ?? throw new ArgumentException($"no screen has the field '{field.Path}'", nameof(field));

    /// <summary>A screen by its id, or null.</summary>
    public Screen? this[string id] => Screens.FirstOrDefault(s => s.Id == id);

    /// <summary>
    /// Whether a profile has the duties that a field is about. Answers to the others are left unread: one answer file may
    /// serve nodes of every profile. What only members of a cluster are asked (<see cref="Screen.Clustered"/>) counts
    /// everywhere, for a node may be prepared for its cluster.
    /// </summary>
    public bool Serves(Field field, Profile profile) =>
        ScreenOf(field).Roles is var roles && (roles.IsEmpty || roles.Any(r => profile.Roles.Contains(r)));

    private Field Asked(string path) =>
        Fields.FirstOrDefault(f => f.Path == path) ?? throw new FormatException($"no screen has the field '{path}'");

    /// <summary>The screens that a profile needs. An answer file may hold the others too.</summary>
    public IEnumerable<Screen> For(Profile profile) =>
        Screens.Where(s => (!s.Clustered || profile.Clustered) && (s.Roles.IsEmpty || s.Roles.Any(r => profile.Roles.Contains(r))));
}

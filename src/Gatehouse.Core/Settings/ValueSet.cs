using System.Collections.Immutable;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;

namespace Gatehouse.Core.Settings;

/// <summary>The typed values of all fields, with origin; a field whose value was refused is absent.</summary>
internal sealed class ValueSet(ScreenSet screens)
{
    private readonly Dictionary<string, (object Value, Origin? Origin)> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> refused = new(StringComparer.Ordinal);
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    /// <summary>The fields that were asked for so far: a test holds them against the screens.</summary>
    public IReadOnlySet<string> Read => read;

    /// <summary>The profile; null while it is not known, or was refused.</summary>
    public Profile? Profile => TryGet<string>("system.profile", out var name) ? Screens.Profile.Find(name) : null;

    /// <summary>Whether the node has the duties that a field is about; while its profile is not known, it may have any.</summary>
    public bool Serves(Field field) => Profile is not { } profile || screens.Serves(field, profile);

    /// <summary>Stores a value.</summary>
    public void Add(Field field, object value, Origin? origin) => values[field.Path] = (value, origin);

    /// <summary>Remembers that a field was answered with something that will not do.</summary>
    public void Refuse(Field field) => refused.Add(field.Path);

    /// <summary>Whether a field was answered with something that will not do.</summary>
    public bool IsRefused(string path) => refused.Contains(path);

    /// <summary>Where a field's value was written; null for defaults.</summary>
    public Origin? OriginOf(string path) => values.TryGetValue(path, out var entry) ? entry.Origin : null;

    /// <summary>The value of a field if it has one.</summary>
    public bool TryGet<T>(string path, out T value)
    {
        Know(path);
        if (values.TryGetValue(path, out var entry) && entry.Value is T typed)
        {
            value = typed;
            return true;
        }

        value = default!;
        return false;
    }

    /// <summary>The value of a field that must have one by now.</summary>
    public T Get<T>(string path) =>
        TryGet<T>(path, out var value) ? value : throw new InvalidOperationException($"{path} has no value of type {typeof(T).Name}");

    /// <summary>All values of a type, by the path of their field.</summary>
    public ImmutableSortedDictionary<string, T> All<T>() =>
        values.Where(v => v.Value.Value is T).ToImmutableSortedDictionary(v => v.Key, v => (T)v.Value.Value, StringComparer.Ordinal);

    /// <summary>The text of a field, empty when not given.</summary>
    public string Text(string path) => TryGet<string>(path, out var value) ? value : "";

    /// <summary>The items of a list field; empty when not given.</summary>
    public ImmutableArray<T> List<T>(string path) => TryGet<ImmutableArray<object>>(path, out var list) ? [.. list.Cast<T>()] : [];

    /// <summary>The rows of a table field; empty when not given.</summary>
    public ImmutableArray<Row> Rows(string path) => TryGet<ImmutableArray<Row>>(path, out var rows) ? rows : [];

    private void Know(string path)
    {
        if (read.Add(path) && !screens.Fields.Any(f => f.Path == path))
            throw new InvalidOperationException($"no screen declares '{path}'");
    }
}

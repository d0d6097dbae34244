using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Gatehouse.Core.Rendering;

/// <summary>The components and their template texts; a site's own texts stand in front of the shipped ones.</summary>
public sealed class TemplateSet
{
    private readonly FrozenDictionary<string, string> texts;

    /// <summary>Takes shipped and site texts by path (<c>exim/exim4.conf.hbs</c>) and reads the components among them.</summary>
    /// <exception cref="FormatException">A <c>component.yaml</c> is not valid.</exception>
    public TemplateSet(IReadOnlyDictionary<string, string> shipped, IReadOnlyDictionary<string, string> site)
    {
        var all = shipped.ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
        foreach (var (path, text) in site)
            all[path] = text;
        texts = all.ToFrozenDictionary(StringComparer.Ordinal);
        Overridden = [.. site.Keys.Order(StringComparer.Ordinal)];
        Components =
        [
            .. texts
                .Where(t => t.Key.EndsWith("/component.yaml", StringComparison.Ordinal))
                .Select(t => ComponentReader.Read($"templates/{t.Key}", System.Text.Encoding.UTF8.GetBytes(t.Value)))
                .OrderBy(c => c.Order)
                .ThenBy(c => c.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>All components in order.</summary>
    public ImmutableArray<Component> Components { get; }

    /// <summary>
    /// The Debian packages that a member of a profile may need, before its settings are known: those may do without some.
    /// </summary>
    /// <param name="profile">The profile.</param>
    public ImmutableArray<string> PackagesOf(Screens.Profile profile) =>
        [
            .. Components
                .Where(c => c.Roles.IsEmpty || c.Roles.Any(profile.Has))
                .SelectMany(c => c.Packages)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Paths that a site has replaced or added.</summary>
    public ImmutableArray<string> Overridden { get; }

    /// <summary>Paths of all template files.</summary>
    public IEnumerable<string> Paths => texts.Keys;

    /// <summary>A template's text, or null when there is none.</summary>
    public string? Find(string path) => texts.GetValueOrDefault(path);

    /// <summary>A template's text.</summary>
    /// <exception cref="TemplateException">There is none.</exception>
    public string Text(string path) => Find(path) ?? throw new TemplateException($"there is no template '{path}'");
}

using System.Collections.Immutable;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>Settings to everything a node is to have.</summary>
public sealed class Renderer(TemplateSet templates)
{
    private readonly TemplateEngine engine = new();

    /// <summary>Renders a node. The same arguments give the same result.</summary>
    /// <param name="settings">What the node is to be.</param>
    /// <param name="material">Its keys and generated secrets.</param>
    /// <param name="answers">The answer file as written, kept on the node for later runs.</param>
    /// <exception cref="TemplateException">A template (possibly a site's own) cannot be rendered.</exception>
    public RenderedNode Render(GatewaySettings settings, Material material, string answers)
    {
        var view = ViewBuilder.Build(settings, material, answers);
        var contents = ImmutableDictionary.CreateBuilder<string, FileContent>(StringComparer.Ordinal);
        var components = templates.Components.Where(c => Applies(c, settings, view)).ToImmutableArray();
        return new RenderedNode
        {
            Packages = [.. components.SelectMany(c => c.Packages).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Entries = [.. components.SelectMany(c => c.Entries.Where(e => Holds(e.When, view)).Select(e => Entry(c, e, view, contents)))],
            Members = [.. components.SelectMany(c => c.Members)],
            Reactions = [.. components.SelectMany(c => c.Reactions)],
            Units = [.. components.SelectMany(c => c.Units.Where(u => Holds(u.When, view)).Select(u => new RenderedUnit(c.Name, u)))],
            Scratch = [.. components.SelectMany(c => c.Scratch).Distinct(StringComparer.Ordinal)],
            Checks = [.. components.SelectMany(c => c.Checks.Where(k => Holds(k.When, view)).Select(k => Check(c, k, view)))],
            Verifications = [.. components.SelectMany(c => c.Verifications.Where(v => Holds(v.When, view)).Select(v => Verification(c, v, view)))],
            Overridden = templates.Overridden,
            Contents = contents.ToImmutable(),
        };
    }

    private static bool Applies(Component component, GatewaySettings settings, Dictionary<string, object> view) =>
        (component.Roles.IsEmpty || component.Roles.Any(r => settings.System.Profile.Roles.Contains(r))) && Holds(component.When, view);

    /// <summary>Whether a condition such as <c>mta.dkim</c> or <c>not mta.dkim</c> holds.</summary>
    private static bool Holds(string condition, Dictionary<string, object> view)
    {
        if (condition.Length == 0) return true;
        var negated = condition.StartsWith("not ", StringComparison.Ordinal);
        var parts = (negated ? condition[4..] : condition).Split('.');
        return parts.Length == 2 && view.TryGetValue(parts[0], out var section) && ((Dictionary<string, object>)section).TryGetValue(parts[1], out var value) && value is bool holds
            ? holds != negated
            : throw new TemplateException($"the condition '{condition}' names no yes-or-no value");
    }

    private RenderedEntry Entry(Component component, ComponentEntry entry, Dictionary<string, object> view, ImmutableDictionary<string, FileContent>.Builder contents)
    {
        var path = Text($"{component.Name}: path", entry.Path, view);
        if (entry.Kind != EntryKind.File)
            return new RenderedEntry(component.Name, entry.Kind, path, entry.Owner, "", Text($"{component.Name}: target of {path}", entry.Source, view), false);
        var name = $"{component.Name}/{entry.Source}";
        var text = engine.Render(name, templates.Text(name), view, out var reveals);
        if (reveals && !entry.Secret) throw new TemplateException($"{name} writes a secret, but component.yaml does not declare {path} as 'secret: true'");
        var content = FileContent.Of(text);
        contents[content.Hash] = content;
        return new RenderedEntry(component.Name, EntryKind.File, path, entry.Owner, content.Hash, "", entry.Secret);
    }

    private RenderedCheck Check(Component component, Check check, Dictionary<string, object> view) =>
        new(component.Name, check with
        {
            Run = [.. check.Run.Select(a => Text(check.Name, a, view))],
            Input = Text(check.Name, check.Input, view),
            Wanted = [.. check.Wanted.Select(w => Text(check.Name, w, view))],
        });

    private RenderedVerification Verification(Component component, Verification verification, Dictionary<string, object> view) =>
        new(component.Name, verification with
        {
            Parameters = verification.Parameters.ToImmutableSortedDictionary(p => p.Key, p => Text(verification.Name, p.Value, view), StringComparer.Ordinal),
        });

    private string Text(string name, string template, Dictionary<string, object> view)
    {
        var text = engine.Render(name, template, view, out var reveals);
        return reveals ? throw new TemplateException($"{name}: a command line or probe would show a secret") : text;
    }
}

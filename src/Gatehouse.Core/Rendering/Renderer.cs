using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>Settings to everything a node is to have.</summary>
public sealed class Renderer(TemplateSet templates)
{
    private readonly TemplateEngine engine = new();

    /// <summary>Compiles all templates, so that it can be done while the answers are still being read.</summary>
    public void Prepare()
    {
        var files = templates.Components.SelectMany(c =>
            c.Entries.Where(e => e.Kind == EntryKind.File).Select(e => templates.Find($"{c.Name}/{e.Source}") ?? "")
        );
        var probes = templates.Components.SelectMany(c =>
            c.Verifications.SelectMany(v => v.Parameters.Values).Concat(c.Checks.Select(k => k.Input))
        );
        Parallel.ForEach(files.Concat(probes).Distinct(StringComparer.Ordinal), engine.Prepare);
    }

    /// <summary>Renders a node. The same arguments give the same result.</summary>
    /// <param name="settings">What the node is to be.</param>
    /// <param name="material">Its keys and generated secrets.</param>
    /// <param name="answers">The answer file as written, kept on the node for later runs.</param>
    /// <exception cref="TemplateException">A template (possibly a site's own) cannot be rendered.</exception>
    public RenderedNode Render(GatewaySettings settings, Material material, string answers)
    {
        var view = ViewBuilder.Build(settings, material, answers);
        var components = templates.Components.Where(c => Applies(c, settings, view)).ToImmutableArray();
        var entries = Entries(components, view);
        return new RenderedNode
        {
            Packages = [.. components.SelectMany(c => c.Packages).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Entries = [.. entries.Select(e => e.Entry)],
            Members = [.. components.SelectMany(c => c.Members)],
            Reactions = [.. components.SelectMany(c => c.Reactions)],
            Units = [.. components.SelectMany(c => c.Units.Where(u => Holds(u.When, view)).Select(u => new RenderedUnit(c.Name, u)))],
            Listens = [.. components.SelectMany(c => c.Listens.SelectMany(l => Ports(c, l, view))).Distinct().Order()],
            Scratch = [.. components.SelectMany(c => c.Scratch).Distinct(StringComparer.Ordinal)],
            Checks = [.. components.SelectMany(c => c.Checks.Where(k => Holds(k.When, view)).Select(k => Check(c, k, view)))],
            Verifications = [.. components.SelectMany(c => Verifications(c, settings, view))],
            Overridden = templates.Overridden,
            Contents = entries
                .Select(e => e.Content)
                .OfType<FileContent>()
                .DistinctBy(c => c.Hash)
                .ToImmutableDictionary(c => c.Hash, StringComparer.Ordinal),
        };
    }

    private static bool Applies(Component component, GatewaySettings settings, Dictionary<string, object> view) =>
        (component.Roles.IsEmpty || component.Roles.Any(r => settings.System.Profile.Roles.Contains(r))) && Holds(component.When, view);

    /// <summary>Whether a condition such as <c>mta.dkim</c> or <c>not mta.dkim</c> holds.</summary>
    private static bool Holds(string condition, Dictionary<string, object> view)
    {
        if (condition.Length == 0)
            return true;
        var negated = condition.StartsWith("not ", StringComparison.Ordinal);
        var parts = (negated ? condition[4..] : condition).Split('.');
        return
            parts.Length == 2
            && view.TryGetValue(parts[0], out var section)
            && ((Dictionary<string, object>)section).TryGetValue(parts[1], out var value)
            && value is bool holds
            ? holds != negated
            : throw new TemplateException($"the condition '{condition}' names no yes-or-no value");
    }

    private IEnumerable<int> Ports(Component component, string ports, Dictionary<string, object> view) =>
        Text($"{component.Name}: listens", ports, view)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(p => int.Parse(p, CultureInfo.InvariantCulture));

    // Most of a run's time is the compiling of templates, which needs nothing of each other.
    private (RenderedEntry Entry, FileContent? Content)[] Entries(ImmutableArray<Component> components, Dictionary<string, object> view)
    {
        var wanted = components.SelectMany(c => c.Entries.Where(e => Holds(e.When, view)).Select(e => (Component: c, Entry: e))).ToArray();
        var entries = new (RenderedEntry, FileContent?)[wanted.Length];
        try
        {
            Parallel.For(0, wanted.Length, i => entries[i] = Entry(wanted[i].Component, wanted[i].Entry, view));
        }
        catch (AggregateException e) when (e.InnerException is TemplateException first)
        {
            throw new TemplateException(first.Message, e);
        }

        return entries;
    }

    private (RenderedEntry Entry, FileContent? Content) Entry(Component component, ComponentEntry entry, Dictionary<string, object> view)
    {
        var path = Text($"{component.Name}: path", entry.Path, view);
        if (entry.Kind != EntryKind.File)
            return (
                new RenderedEntry(
                    component.Name,
                    entry.Kind,
                    path,
                    entry.Owner,
                    "",
                    Text($"{component.Name}: target of {path}", entry.Source, view),
                    false,
                    OnlyWith: entry.OnlyWith
                ),
                null
            );
        var name = $"{component.Name}/{entry.Source}";
        var text = engine.Render(name, templates.Text(name), view, out var reveals);
        if (reveals && !entry.Secret)
            throw new TemplateException($"{name} writes a secret, but component.yaml does not declare {path} as 'secret: true'");
        var content = FileContent.Of(text);
        return (
            new RenderedEntry(
                component.Name,
                EntryKind.File,
                path,
                entry.Owner,
                content.Hash,
                "",
                entry.Secret,
                entry.Keeps,
                entry.OnlyWith
            ),
            content
        );
    }

    // After what the component declares itself: conversations as the world has them.
    private IEnumerable<RenderedVerification> Verifications(
        Component component,
        GatewaySettings settings,
        Dictionary<string, object> view
    ) =>
        component
            .Verifications.Where(v => Holds(v.When, view))
            .Select(v => Verification(component, v, view))
            .Concat(component.Name == StrangerPlan.Component ? StrangerPlan.Of(settings) : []);

    private RenderedCheck Check(Component component, Check check, Dictionary<string, object> view) =>
        new(
            component.Name,
            check with
            {
                Run = [.. check.Run.Select(a => Text(check.Name, a, view))],
                Input = Text(check.Name, check.Input, view),
                Wanted = [.. check.Wanted.Select(w => Text(check.Name, w, view))],
            }
        );

    private RenderedVerification Verification(Component component, Verification verification, Dictionary<string, object> view) =>
        new(
            component.Name,
            verification with
            {
                Parameters = verification.Parameters.ToImmutableSortedDictionary(
                    p => p.Key,
                    p => Text(verification.Name, p.Value, view),
                    StringComparer.Ordinal
                ),
            }
        );

    private string Text(string name, string template, Dictionary<string, object> view)
    {
        var text = engine.Render(name, template, view, out var reveals);
        return reveals ? throw new TemplateException($"{name}: a command line or probe would show a secret") : text;
    }
}

using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Core.Answering;
using Gatehouse.Core.Reference;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Reports;
using Gatehouse.Core.Screens;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Yaml;
using Gatehouse.Tests.Support;
using Gatehouse.Tests.Trust;
using Xunit;

namespace Gatehouse.Tests.Core;

/// <summary>What holds between the parts of the house: screens, settings, schema, skeleton, templates.</summary>
public sealed class LawTests
{
    private static IEnumerable<string> Columns => Samples.Screens.Fields.SelectMany(f => f.Columns.Select(c => c.Path));

    [Fact]
    public void Every_key_of_the_screens_is_read_by_the_settings_and_no_other()
    {
        var report = new Report();
        var answers = AnswerFile.Read("answers.yaml", Encoding.UTF8.GetBytes(Samples.Minimal), Samples.Screens, report);
        Resolver.Resolve(Samples.Screens, answers, Inputs.Of(Samples.Facts), report, out var values);
        Assert.Equal(Samples.Screens.Fields.Select(f => f.Path).Order(), values.Read.Order());
    }

    [Fact]
    public void Every_field_and_column_has_a_label_and_help()
    {
        var fields = Samples.Screens.Fields.SelectMany(f => f.Columns.Prepend(f)).ToArray();
        Assert.True(fields.Length > 60);
        Assert.All(fields, f => Assert.True(f.Label.Length > 1 && f.Help.Length > 10 && f.Help.TrimEnd()[^1] is '.' or '?', f.Path));
        Assert.All(fields.SelectMany(f => f.Choices), c => Assert.NotEmpty(c.Text));
        Assert.All(fields.Where(f => f.Pattern is not null), f => Assert.NotEmpty(f.PatternText));
    }

    [Fact]
    public void Examples_and_defaults_are_values_that_are_accepted()
    {
        foreach (
            var field in Samples.Screens.Fields.SelectMany(f => f.Columns.Prepend(f)).Where(f => !f.IsTable && f.Kind.Name != "password")
        )
        foreach (var text in new[] { field.Example, field.Default }.Where(t => t is { Length: > 0 }))
        foreach (var item in field.IsList ? text!.Split(',', StringSplitOptions.TrimEntries) : [text!])
            Assert.True(field.Kind.Parse(item, field).Value is not null, $"{field.Path}: {item} {field.Kind.Parse(item, field).Problem}");
    }

    [Fact]
    public void Conditions_and_default_sources_name_earlier_fields_or_facts()
    {
        var seen = new HashSet<string>();
        foreach (var field in Samples.Screens.Fields)
        {
            if (field.When is { } when)
                Assert.Contains(when.Path, seen);
            if (field.DefaultFrom is { } from && from.StartsWith("facts.", StringComparison.Ordinal))
                _ = Samples.Facts.Lookup(from);
            else if (field.DefaultFrom is not null)
                Assert.Contains(field.DefaultFrom, seen);
            if (field.Propose is { } propose)
                _ = Samples.Facts.Lookup(propose);
            seen.Add(field.Path);
        }
    }

    [Fact]
    public void No_question_is_put_away_that_has_to_be_answered()
    {
        var advanced = Samples.Screens.Fields.Where(f => f.Advanced).ToDictionary(f => f.Path);
        Assert.NotEmpty(advanced);
        Assert.All(
            advanced.Values.Where(f => f.Required && f.Default is null && f.DefaultFrom is null),
            f => Assert.Contains(f.When!.Path, advanced)
        );
        Assert.All(
            Samples.Screens.Fields.Where(f => !f.Advanced && f.When is not null),
            f => Assert.DoesNotContain(f.When!.Path, advanced)
        );
    }

    [Fact]
    public void Only_members_of_a_cluster_are_asked_about_it()
    {
        Assert.DoesNotContain(Samples.Screens.For(Profile.Find("standalone")!), s => s.Id == "cluster");
        Assert.Contains(Samples.Screens.For(Profile.Find("node")!), s => s.Id == "cluster");
    }

    [Fact]
    public void The_schema_covers_every_key_and_only_those()
    {
        var properties = AnswerSchema.Of(Samples.Screens)["properties"]!
            .AsObject()
            .Where(p => p.Key is not ("version" or "interactive"))
            .ToArray();
        var paths = properties.SelectMany(p => p.Value!["properties"]!.AsObject().Select(k => $"{p.Key}.{k.Key}"));
        Assert.Equal(Samples.Screens.Fields.Select(f => f.Path).Order(), paths.Order());
        var columns = properties
            .SelectMany(p => p.Value!["properties"]!.AsObject())
            .Where(k => k.Value!["items"]?["properties"] is JsonObject)
            .SelectMany(k => k.Value!["items"]!["properties"]!.AsObject().Select(c => c.Key));
        Assert.Equal(Columns.Order(), columns.Order());
    }

    [Fact]
    public void Every_template_a_component_names_exists_and_every_template_is_named()
    {
        var named = Samples
            .Templates.Components.SelectMany(c => c.Entries.Where(e => e.Kind == EntryKind.File).Select(e => $"{c.Name}/{e.Source}"))
            .Distinct()
            .Order();
        Assert.Equal(Samples.Templates.Paths.Where(p => p.EndsWith(".hbs", StringComparison.Ordinal)).Order(), named);
        Assert.All(Samples.Templates.Components, c => Assert.Contains($"{c.Name}/component.yaml", Samples.Templates.Paths));
    }

    [Fact]
    public void Every_path_is_written_by_one_component_only()
    {
        foreach (var name in Tests.Golden.GoldenCase.Names(""))
        {
            var node = Render(name);
            Assert.Empty(node.Entries.GroupBy(e => e.Path).Where(g => g.Count() > 1).Select(g => g.Key));
        }
    }

    [Fact]
    public void What_makes_a_unit_restart_or_reload_is_something_that_is_written()
    {
        var nodes = new[] { "everything", "full" }.Select(Render).ToArray();
        var paths = nodes.SelectMany(n => n.Entries).Select(e => e.Path).ToHashSet();
        foreach (var unit in nodes.SelectMany(n => n.Units).Select(u => u.Unit))
        foreach (var pattern in unit.Restart.Concat(unit.Reload))
            Assert.True(
                paths.Any(p => pattern.EndsWith('/') ? p.StartsWith(pattern, StringComparison.Ordinal) : p == pattern),
                $"{unit.Name}: {pattern}"
            );
    }

    [Fact]
    public void Rendering_twice_gives_the_same()
    {
        var a = Render("everything");
        var b = Render("everything");
        Assert.Equal(a.Entries.AsEnumerable(), b.Entries);
        Assert.Equal(a.Packages.AsEnumerable(), b.Packages);
        Assert.Equal(a.Contents.Keys.Order(), b.Contents.Keys.Order());
    }

    [Fact]
    public void The_skeleton_with_every_default_uncommented_is_accepted()
    {
        var facts = Samples.Facts with
        {
            MemoryBytes = 2L << 30,
            Session = new RemoteSession(Samples.Address("2001:db8::7"), 22),
            HostName = "mx1.example.org",
            Addresses = [Samples.Address("192.0.2.10")],
            Resolvers = [Samples.Address("192.0.2.53"), Samples.Address("2001:db8::53")],
        };
        foreach (var profile in Profile.Names.Select(p => Profile.Find(p)!))
        {
            var skeleton = AnswerSkeleton.Of(Samples.Screens, profile, facts);
            var keys = Samples.Screens.Fields.SelectMany(f => f.Columns.Prepend(f)).Select(f => f.Key).Distinct();
            // "  # key: value" is a commented answer; everything else behind '#' is words. Empty required keys get their example.
            var uncommented = Regex.Replace(skeleton, $@"(?m)^  #((?:  [- ] )?(?:{string.Join('|', keys)}):(?: .*)?)$", "  $1");
            var full = Regex.Replace(uncommented, @"(?m)^(  [a-z_]+:)   # for example (.*)$", "$1 $2");
            var report = new Report();
            Assert.Contains("  admin_networks: [\"2001:db8::7/128\"]\n", skeleton, StringComparison.Ordinal);
            if (profile.Has("mail"))
                Assert.Contains("  connections: 20\n", skeleton, StringComparison.Ordinal);
            Assert.True(YamlReader.Read("skeleton.yaml", Encoding.UTF8.GetBytes(full), report) is not null, string.Join("\n", report));
            var answers = AnswerFile.Read("skeleton.yaml", Encoding.UTF8.GetBytes(full), Samples.Screens, report);
            var things = Probe
                .For(Samples.Screens, answers)
                .ToImmutableDictionary(
                    w => (w.Kind, w.Name),
                    w => new Found([.. Encoding.UTF8.GetBytes(w.Path == "mta.dkim_key_file" ? DkimKeyTests.Ed25519 : "x")])
                );
            Resolver.Resolve(Samples.Screens, answers, new Inputs(facts, true, things), report, out _);
            // The sample of a password that somebody else's service knows stands for any; a generated one is of no use there.
            Assert.Empty(
                report
                    .Where(f =>
                        f.Severity == Severity.Error
                        && f.Path
                            is not (
                                "mta.smart_host_password"
                                or "backend.redis_password"
                                or "backend.queue_password"
                                or "backend.database_password"
                            )
                    )
                    .Select(f => f.ToString())
            );
            var asked = Samples.Screens.For(profile).SelectMany(s => s.Fields).Select(f => f.Path);
            Assert.All(asked, p => Assert.True(answers.Values.ContainsKey(p), p));
        }
    }

    [Theory]
    [InlineData("README.md", 1)]
    [InlineData("docs/operations.md", 1)]
    [InlineData("docs/cluster.md", 1)]
    public void Every_answer_file_on_a_page_passes_the_check(string page, int files)
    {
        var blocks = Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, page)), "(?ms)^```ya?ml\r?\n(.*?)^```");
        Assert.Equal(files, blocks.Count);
        foreach (Match block in blocks)
        {
            Samples.Resolve(block.Groups[1].Value, null, out var report);
            Assert.True(!report.HasErrors, string.Join('\n', report));
        }
    }

    [Fact]
    public void The_shipped_example_is_accepted_without_a_remark()
    {
        Samples.Resolve(File.ReadAllText(Path.Combine(Repository.Root, "iso/answers/standalone.yaml")), null, out var report);
        Assert.Empty(report);
    }

    [Fact]
    public void Core_depends_on_no_other_project_of_ours()
    {
        var ours = typeof(Resolver)
            .Assembly.GetReferencedAssemblies()
            .Select(a => a.Name!)
            .Where(n => n.StartsWith("Gatehouse", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(ours);
    }

    private static RenderedNode Render(string name)
    {
        var golden = Tests.Golden.GoldenCase.Of("", name);
        var settings = golden.Resolve(out _)!;
        return Samples.Renderer.Render(settings, Samples.Material(settings), Encoding.UTF8.GetString(golden.Bytes));
    }
}

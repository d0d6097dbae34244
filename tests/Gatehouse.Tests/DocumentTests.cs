using System.Text.RegularExpressions;
using Gatehouse.Core.Screens;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests;

/// <summary>The form of the documents: size, width, links, and the map of the source.</summary>
public sealed partial class DocumentTests
{
    private const int Widest = 140;
    private const int LargestReadme = 8 * 1024;

    private static IEnumerable<string> Pages =>
        Directory
            .GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Concat(new[] { "README.md", "CHANGELOG.md", "src/README.md" }.Select(f => Path.Combine(Repository.Root, f)))
            .Order(StringComparer.Ordinal);

    [Fact]
    public void The_readme_is_short() => Assert.InRange(new FileInfo(Path.Combine(Repository.Root, "README.md")).Length, 1, LargestReadme);

    [Fact]
    public void No_line_of_prose_is_wider_than_the_limit() =>
        Assert.Empty(
            Pages.SelectMany(p => Prose(p).Where(l => l.Text.Length > Widest && !l.Text.StartsWith('|')).Select(l => $"{p}:{l.Number}"))
        );

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading()
    {
        var links = Pages.SelectMany(p => Links(p).Select(t => (Page: p, Target: t))).ToArray();
        Assert.True(links.Length > 50);
        var inside = links.Where(l => !l.Target.Contains("://", StringComparison.Ordinal));
        Assert.Empty(inside.Where(l => !IsThere(l.Page, l.Target)).Select(l => $"{l.Page}: {l.Target}"));
    }

    [Fact]
    public void Every_source_file_that_a_page_names_is_there()
    {
        var folders = new[] { "src", "tests", "templates", "screens" }.Select(f => Path.Combine(Repository.Root, f)).ToArray();
        var files = folders
            .SelectMany(f => Directory.GetFiles(f, "*", SearchOption.AllDirectories))
            .Select(f => $"/{Path.GetRelativePath(Repository.Root, f)}")
            .ToArray();
        var named = Pages
            .Where(p => !p.EndsWith("CHANGELOG.md", StringComparison.Ordinal))
            .SelectMany(p => Prose(p).SelectMany(l => SourceFile().Matches(l.Text)).Select(m => (Page: p, Name: m.Groups[1].Value)))
            .ToArray();
        Assert.True(named.Length > 40);
        Assert.Empty(
            named.Where(n => !files.Any(f => f.EndsWith($"/{n.Name}", StringComparison.Ordinal))).Select(n => $"{n.Page}: {n.Name}")
        );
    }

    [Fact]
    public void The_reference_has_every_command_and_every_profile()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "reference.md"))
            .Where(l => l.StartsWith("| `", StringComparison.Ordinal))
            .ToArray();
        var commands = CommandLine.Create().Subcommands.Where(c => !c.Hidden).ToArray();
        Assert.True(commands.Length > 25);
        var names = commands.SelectMany(c =>
            c.Subcommands.Where(s => !s.Hidden).Select(s => s.Name).Prepend("").Select(s => (c.Name, Inner: s))
        );
        Assert.All(names, c => Assert.Contains(rows, r => Regex.IsMatch(r, $@"^\| `gatehouse {c.Name}\b.*[ `[]{c.Inner}\b")));
        Assert.All(
            Profile.All.Select(p => $"| `{p.Name}` | {string.Join(", ", p.Roles)}"),
            p => Assert.Contains(rows, r => r.StartsWith(p, StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Every_page_can_be_reached_from_the_readme()
    {
        var seen = new HashSet<string>();
        var waiting = new Stack<string>([Path.Combine(Repository.Root, "README.md")]);
        while (waiting.TryPop(out var page))
        {
            if (!seen.Add(page))
                continue;
            foreach (var target in Links(page).Select(t => t.Split('#')[0]).Where(t => t.EndsWith(".md", StringComparison.Ordinal)))
                waiting.Push(Path.GetFullPath(target, Path.GetDirectoryName(page)!));
        }

        Assert.DoesNotContain(Pages, p => !seen.Contains(p) && !p.EndsWith("src/README.md", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_decision_has_a_number_a_context_a_decision_and_a_cost_and_is_on_the_list()
    {
        var folder = Path.Combine(Repository.Root, "docs", "decisions");
        var list = File.ReadAllText(Path.Combine(folder, "README.md"));
        var decisions = Directory
            .GetFiles(folder, "*.md")
            .Where(f => !f.EndsWith("README.md", StringComparison.Ordinal))
            .SelectMany(f => File.ReadAllText(f).Split("\n## ")[1..])
            .ToArray();
        Assert.True(decisions.Length > 100);
        const string Parts = @"(?s)^D[0-9]{3} .+\n\n\*\*Context\.\*\* .+\n\n\*\*Decision\.\*\* .+\n\n\*\*Cost\.\*\* .+";
        Assert.All(decisions, d => Assert.Matches(Parts, d));
        Assert.All(decisions, d => Assert.Contains($"- {d.Split('\n')[0]}\n", list, StringComparison.Ordinal));
        Assert.Distinct(decisions.Select(d => d[..4]));
        Assert.Equal(decisions.Length, Regex.Count(list, "(?m)^- D[0-9]{3} "));
    }

    private static bool IsThere(string page, string target)
    {
        var (file, heading) = target.Split('#') is [var f, var h] ? (f, h) : (target, null);
        var path = file.Length == 0 ? page : Path.GetFullPath(file, Path.GetDirectoryName(page)!);
        if (!File.Exists(path))
            return Directory.Exists(path) && heading is null;
        return heading is null || Prose(path).Any(l => l.Text.StartsWith('#') && Anchor(l.Text.TrimStart('#').Trim()) == heading);
    }

    // As the usual sites make one of a heading.
    private static string Anchor(string heading) => NoAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    private static IEnumerable<string> Links(string page) =>
        Prose(page).SelectMany(l => Link().Matches(l.Text)).Select(m => m.Groups[1].Value);

    private static IEnumerable<(int Number, string Text)> Prose(string page)
    {
        var isCode = false;
        foreach (var (number, line) in File.ReadLines(page).Index())
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode;
            else if (!isCode)
                yield return (number + 1, line);
        }
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    // A file's name, or the end of its path, in a code span; what stands for a name, such as NAME.cs, is no file.
    [GeneratedRegex(@"`((?:[\w.-]+/)*[\w.-]+\.(?:cs|sql|hbs))`")]
    private static partial Regex SourceFile();

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NoAnchor();
}

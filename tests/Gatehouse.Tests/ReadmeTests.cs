using System.Globalization;
using System.Text.RegularExpressions;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests;

public sealed partial class ReadmeTests
{
    [Theory]
    [InlineData("README.md", 1)]
    [InlineData("docs/operations.md", 3)]
    public void The_screens_that_a_page_shows_are_those_of_the_program(string page, int screens)
    {
        var text = Shape(File.ReadAllText(Path.Combine(Repository.Root, page)));
        var frames = Directory
            .GetFiles(Path.Combine(Repository.Golden, "frames"))
            .Select(f => Shape(string.Join('\n', File.ReadAllLines(f)[..^1])))
            .Distinct();
        Assert.Equal(screens, frames.Count(f => text.Contains($"```\n{f}\n```", StringComparison.Ordinal)));
        Assert.Equal(screens, Regex.Count(text, "```\n Gatehouse on "));

        // The numbers of files and checks change with every component; what the screen says does not.
        static string Shape(string text) => Count().Replace(text, "N ");
    }

    [Fact]
    public void The_map_of_a_cluster_is_drawn_by_the_program()
    {
        var map = File.ReadAllText(Path.Combine(Repository.Golden, "maps", "segments.txt")).Split("\n\nCluster ")[0];
        Assert.Contains(
            $"```\n{map}\n```",
            File.ReadAllText(Path.Combine(Repository.Root, "docs", "cluster.md")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_rule_of_a_cluster_has_its_tests_or_its_reason_and_the_tests_are_there()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "comparison.md"))
            .Select(l => Rule().Match(l))
            .Where(m => m.Success)
            .ToArray();
        Assert.Equal(Enumerable.Range(1, 29), rows.Select(r => int.Parse(r.Groups[1].Value, CultureInfo.InvariantCulture)));
        AreThere(rows.Select(r => r.Groups[2].Value));
        Assert.All(
            rows.Where(r => !Test().IsMatch(r.Groups[2].Value)),
            r => Assert.Matches("none: .{20}|the same story", r.Groups[2].Value)
        );
    }

    [Fact]
    public void Every_attack_and_fault_has_its_test_and_the_tests_are_there()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "security.md"))
            .Where(l =>
                l.StartsWith("| ", StringComparison.Ordinal)
                && l.Count(c => c == '|') == 4
                && !l.Contains("| what happens |", StringComparison.Ordinal)
            )
            .ToArray();
        Assert.InRange(rows.Length, 40, 200);
        AreThere(rows);
        Assert.All(rows, r => Assert.True(Test().IsMatch(r) || r.EndsWith("| the same |", StringComparison.Ordinal), r));
    }

    private static void AreThere(IEnumerable<string> texts)
    {
        var sources = Directory
            .GetFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .ToLookup(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText);
        Assert.All(
            texts.SelectMany(t => Test().Matches(t)),
            t => Assert.Contains(sources[t.Groups[1].Value], s => s.Contains($" {t.Groups[2].Value}(", StringComparison.Ordinal))
        );
    }

    [GeneratedRegex("[0-9]+ +")]
    private static partial Regex Count();

    [GeneratedRegex(@"^\| ([0-9]+) \| (.+) \|$")]
    private static partial Regex Rule();

    [GeneratedRegex(@"`([A-Z][A-Za-z]+)\.([A-Z]\w+_\w+)`")]
    private static partial Regex Test();
}

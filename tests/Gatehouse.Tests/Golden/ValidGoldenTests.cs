using System.Collections.Immutable;
using System.Text;
using Gatehouse.Core.Planning;
using Gatehouse.Core.Rendering;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Golden;

/// <summary>Answer files and everything they become. <c>GATEHOUSE_ACCEPT=1</c> rewrites the expectations.</summary>
public sealed class ValidGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.Names("")];

    [Fact]
    public void There_are_cases() => Assert.True(Cases.Count >= 3);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Answers_render_to_the_expected_files(string name)
    {
        var (golden, node) = Render(name);
        var files = node.Entries.Where(e => e.Kind == EntryKind.File).ToArray();
        foreach (var file in files)
            golden.Expect($"files{file.Path}", node.Contents[file.Hash].Text);
        golden.ExpectOnly("files", files.Select(f => f.Path));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Answers_plan_to_the_expected_steps(string name)
    {
        var (golden, node) = Render(name);
        var nothing = new ActualState(
            ImmutableDictionary<string, PathState>.Empty,
            node.Packages,
            node.Members,
            ImmutableDictionary<string, UnitState>.Empty,
            true
        );
        var plan = Planner.Plan(null, nothing, node);
        golden.Expect("plan.txt", string.Concat(plan.Steps.Select(s => $"{s.Phase}: {s.Describe()}\n")));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Answers_give_the_expected_entries_units_checks_and_verifications(string name)
    {
        var (golden, node) = Render(name);
        var text = new StringBuilder();
        foreach (var e in node.Entries)
            text.Append($"{e.Kind} {e.Path} {e.Owner}{(e.Secret ? " secret" : "")}{(e.Target.Length > 0 ? $" -> {e.Target}" : "")}\n");
        foreach (var u in node.Units)
            text.Append($"Unit {u.Unit.Name} {(u.Unit.Running ? "running" : "stopped")}\n");
        foreach (var c in node.Checks)
            text.Append($"Check {string.Join(' ', c.Check.Run)}\n{Indent(c.Check.Input)}");
        foreach (var v in node.Verifications)
            text.Append(
                $"Verification {v.Verification.Kind} "
                    + $"{string.Join(", ", v.Verification.Parameters.Select(p => $"{p.Key}={p.Value.Trim()}"))}\n"
            );
        golden.Expect("node.txt", text.ToString());
    }

    private static string Indent(string text) =>
        string.Concat(text.Split('\n').Where(l => l.Trim().Length > 0).Select(l => $"    {l.Trim()}\n"));

    private static (GoldenCase Golden, RenderedNode Node) Render(string name)
    {
        var golden = GoldenCase.Of("", name);
        var settings = golden.Resolve(out var report);
        Assert.True(settings is not null, string.Join('\n', report));
        golden.Expect("report.txt", string.Concat(report.Select(f => $"{f}\n")));
        return (golden, Samples.Renderer.Render(settings, Samples.Material(settings), Encoding.UTF8.GetString(golden.Bytes)));
    }
}

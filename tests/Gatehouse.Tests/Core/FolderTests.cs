using System.Reflection;
using System.Text.RegularExpressions;
using Gatehouse.Agent;
using Gatehouse.Cluster.Applying;
using Gatehouse.Core.Settings;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Gatehouse.Terminal;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core;

/// <summary>The folders of the sources: each is its files' namespace, stands on the map, and takes part in no circle.</summary>
public sealed class FolderTests
{
    private static readonly Assembly[] Assemblies =
    [
        typeof(Resolver).Assembly,
        typeof(LocalMachine).Assembly,
        typeof(ClusterRegistry).Assembly,
        typeof(AgentClient).Assembly,
        typeof(Pipeline).Assembly,
        typeof(GlobalOptions).Assembly,
    ];

    private static string Src { get; } = Path.Combine(Repository.Root, "src");

    private static IEnumerable<string> Sources =>
        Directory.EnumerateFiles(Src, "*.cs", SearchOption.AllDirectories).Where(f => !Regex.IsMatch(f, "/(obj|bin)/"));

    [Fact]
    public void No_folder_is_part_of_a_circle()
    {
        Assert.Equal(Assemblies.Length, Sources.Select(f => Path.GetRelativePath(Src, f).Split('/')[0]).Distinct().Count());
        var circle = FolderGraph.Of(Assemblies, Sources).Circle();
        Assert.True(circle is null, $"folders use each other in a circle:{circle}");
    }

    [Fact]
    public void A_circle_is_named_with_the_types_that_make_it()
    {
        var graph = new FolderGraph();
        graph.Add("A", "B", "One uses Two");
        graph.Add("B", "C", "Two uses Three");
        graph.Add("C", "C", "Three uses Four");
        graph.Add("A", "C", "One uses Three");
        Assert.Null(graph.Circle());
        graph.Add("C", "B", "Three uses Two");
        Assert.Equal("\n  B -> C: Two uses Three\n  C -> B: Three uses Two", graph.Circle());
    }

    [Fact]
    public void A_folder_is_the_namespace_of_its_files()
    {
        foreach (var file in Sources)
        {
            var space = Regex.Match(File.ReadAllText(file), @"(?m)^namespace ([\w.]+);");
            if (space.Success)
                Assert.Equal(Path.GetRelativePath(Src, Path.GetDirectoryName(file)!).Replace('/', '.'), space.Groups[1].Value);
        }
    }

    [Fact]
    public void Every_folder_is_on_the_map_and_the_map_names_no_other()
    {
        var folders = Sources
            .Select(f => Path.GetRelativePath(Src, Path.GetDirectoryName(f)!))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToArray();
        // A project may have all its files in folders.
        var named = OnTheMap(File.ReadAllText(Path.Combine(Src, "README.md"))).Where(n => n.Contains('/') || folders.Contains(n));
        Assert.Equal(folders, named.Order(StringComparer.Ordinal));
    }

    // Lines of a project begin with src/, those of its folders with two blanks; a line may name several folders.
    private static IEnumerable<string> OnTheMap(string readme)
    {
        var project = "";
        foreach (var line in readme.Split("```")[1].Split('\n'))
        {
            if (Regex.Match(line, @"^src/(Gatehouse[\w.]*)/ ") is { Success: true } begin)
                yield return project = begin.Groups[1].Value;
            else if (!line.StartsWith("  ", StringComparison.Ordinal))
                project = "";
            else if (project.Length > 0 && Regex.Match(line, @"^  ((?:[A-Z][\w/]*/(?:, | ))+)") is { Success: true } names)
                foreach (var name in names.Groups[1].Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
                    yield return $"{project}/{name.TrimEnd('/')}";
        }
    }
}

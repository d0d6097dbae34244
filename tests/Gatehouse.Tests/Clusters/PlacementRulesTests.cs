using Gatehouse.Core.Clusters;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class PlacementRulesTests
{
    [Fact]
    public void One_node_of_a_kind_is_told_for_each_kind()
    {
        var warnings = Warnings(("full", ""));
        Assert.Equal(4, warnings.Length);
        Assert.All(
            new[] { "database", "cache", "mq", "indexer" },
            role => Assert.Contains(warnings, w => w.Contains($"one node of type {role}.", StringComparison.Ordinal))
        );
        Assert.Single(Warnings(("database", "Berlin"), ("mail", "Berlin"), ("mail", "Berlin")));
    }

    [Fact]
    public void An_even_number_is_told_and_an_odd_one_is_not()
    {
        Assert.Equal(4, Warnings(("full", "Berlin"), ("full", "Bonn")).Count(w => w.Contains("2 nodes of type", StringComparison.Ordinal)));
        Assert.Empty(Warnings(("full", "Berlin"), ("full", "Bonn"), ("full", "Berlin")));
        Assert.Contains(
            "4 nodes of type database",
            Assert.Single(Warnings(("database", "a"), ("database", "b"), ("database", "c"), ("database", "d"))),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(9)]
    public void Odd_numbers_from_three_on_are_well(int count) =>
        Assert.Empty(Warnings([.. Enumerable.Range(0, count).Select(i => ("full", i == 0 ? "Bonn" : "Berlin"))]));

    [Fact]
    public void Of_the_front_end_a_single_node_is_advised_against_and_their_number_does_not_matter()
    {
        Assert.Contains(
            "mail waits at its senders",
            Assert.Single(PlacementRules.Advice([("mail", ""), ("backend", "")])),
            StringComparison.Ordinal
        );
        Assert.Equal(2, PlacementRules.Advice([("node", "")]).Count());
        Assert.Empty(PlacementRules.Advice([("node", ""), ("node", "")]));
        Assert.Empty(PlacementRules.Advice([("backend", "")]));
    }

    [Fact]
    public void One_location_for_the_whole_backend_is_told()
    {
        Assert.Contains(
            "stand in one place (Berlin)",
            Assert.Single(Warnings(("full", "Berlin"), ("full", "Berlin"), ("full", "Berlin"))),
            StringComparison.Ordinal
        );
        Assert.Empty(Warnings(("full", ""), ("full", ""), ("full", "")));
    }

    [Fact]
    public void Nodes_without_a_backend_may_stand_anywhere_in_any_number() =>
        Assert.Empty(Warnings(("mail", "Berlin"), ("mail", "Berlin"), ("web", "Berlin"), ("unknown", "Berlin")));

    private static string[] Warnings(params (string, string)[] nodes) => [.. PlacementRules.Warnings(nodes)];
}

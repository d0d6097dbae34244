using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(LifeCollection.Name)]
public sealed class LifeLeavingStories(LifeHosts life)
{
    private readonly LifeLeaving leaving = life.Leaving;

    [Fact]
    public void A_removed_node_is_refused_on_every_port()
    {
        Assert.All(leaving.Before[..^1], a => Assert.Contains(LifeLeaving.Answered, a, StringComparison.Ordinal));
        Assert.Equal("let in", leaving.Before[^1].Trim());

        Assert.DoesNotContain("let in", leaving.LoginAtOnce, StringComparison.Ordinal);
        Assert.All(leaving.After, a => Assert.DoesNotContain(LifeLeaving.Answered, a, StringComparison.Ordinal));
    }

    [Fact]
    public void Its_role_and_its_place_among_the_others_are_gone_and_it_is_told()
    {
        Assert.Contains("l5.lab.example\n", leaving.Roles, StringComparison.Ordinal);
        Assert.DoesNotContain("l4.lab.example", leaving.Roles, StringComparison.Ordinal);
        Assert.DoesNotContain("l4.lab.example", leaving.ShapeWithout, StringComparison.Ordinal);
        Assert.Contains("was removed from the cluster life", leaving.Told.Error, StringComparison.Ordinal);
        Assert.Contains("'gatehouse leave' ends its membership here", leaving.Told.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void It_comes_back_under_its_name_with_another_number_and_only_with_consent()
    {
        Assert.Contains("no longer a member of cluster life", leaving.Ended.Output, StringComparison.Ordinal);
        leaving.WithoutConsent.Expect(3);
        Assert.Contains("replaces:\n  - the gateway that is set up on this host", leaving.WithoutConsent.Error, StringComparison.Ordinal);
        // A number is given once: also one of a join that did not come to its end is gone.
        Assert.All(
            LifeHosts.All[..^2],
            other =>
                Assert.True(
                    LifeLeaving.NumberIn(leaving.ShapeAgain, LifeHosts.Fourth) > LifeLeaving.NumberIn(leaving.ShapeAgain, other),
                    leaving.ShapeAgain
                )
        );
        Assert.True(
            LifeLeaving.NumberIn(leaving.ShapeAgain, LifeHosts.Fourth) > LifeLeaving.NumberIn(life.Joining.Shape, LifeHosts.Fourth),
            leaving.ShapeAgain
        );
    }

    [Fact]
    public void Who_leaves_is_no_member_any_more_and_goes_on_as_a_gateway()
    {
        Assert.True(leaving.AfterLeaving == "active\nactive\ninactive\ninactive\n", leaving.AfterLeaving + leaving.AgentsLastWords);
        Assert.DoesNotContain("l5.lab.example", leaving.ShapeLeft, StringComparison.Ordinal);
    }
}

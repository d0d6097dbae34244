using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(LifeCollection.Name)]
public sealed class LifeIssuingStories(LifeHosts life)
{
    private readonly LifeIssuing issuing = life.Issuing;

    [Fact]
    public void Nobody_becomes_the_issuer_without_the_right_to_it()
    {
        issuing.WrongToken.Expect(3);
        Assert.Contains("the sealed root key", issuing.WrongToken.Error, StringComparison.Ordinal);
        issuing.StillThere.Expect(3);
        Assert.Contains("l1.lab.example is the issuer and answers", issuing.StillThere.Error, StringComparison.Ordinal);
        issuing.NoBackend.Expect(3);
        Assert.Contains("l3.lab.example has the profile web", issuing.NoBackend.Error, StringComparison.Ordinal);
        Assert.False(issuing.IsTouchedByRefusal, "something was changed");
        Assert.StartsWith("epoch 1,", issuing.ShapeBefore, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_registry_a_promotion_says_what_to_bring_back_and_changes_nothing()
    {
        issuing.WithoutRegistry.Expect(1);
        Assert.Contains(
            "A promotion is written into the registry, so its database has to be there.",
            issuing.WithoutRegistry.Error,
            StringComparison.Ordinal
        );
        Assert.False(issuing.IsTouchedByRefusal, "something was changed");
    }

    [Fact]
    public void A_promotion_that_was_killed_comes_to_its_end_when_it_is_run_again()
    {
        Assert.Equal(137, issuing.KilledPromotion);
        Assert.Contains("in epoch 2.", issuing.Promoted.Output, StringComparison.Ordinal);
        Assert.StartsWith("epoch 2,", issuing.ShapePromoted, StringComparison.Ordinal);
        Assert.Contains(" l2.lab.example(", issuing.ShapePromoted, StringComparison.Ordinal);
        Assert.Contains("10.77.0.192 database* ", issuing.ShapePromoted, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_node_keeps_nothing_of_an_issuer_and_shows_newcomers_the_way_to_the_new_one()
    {
        Assert.Equal("", issuing.HeldByFirst);
        Assert.Contains("l5.lab.example is node ", issuing.Rejoined.Output, StringComparison.Ordinal);
        Assert.All(
            LifeHosts.All[..^1],
            other =>
                Assert.True(
                    LifeLeaving.NumberIn(issuing.ShapeRejoined, LifeHosts.Fifth) > LifeLeaving.NumberIn(issuing.ShapeRejoined, other),
                    issuing.ShapeRejoined
                )
        );
    }

    [Fact]
    public void While_the_issuer_is_dead_removing_says_what_to_do()
    {
        Assert.NotEqual(0, issuing.RemovalWithoutIssuer.ExitCode);
        Assert.Contains("'gatehouse promote' there, with the master token", issuing.RemovalWithoutIssuer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_issuer_has_died_another_takes_its_place_and_the_old_one_steps_down_when_it_returns()
    {
        Assert.Contains("in epoch 3.", issuing.PromotedBack.Output, StringComparison.Ordinal);
        Assert.StartsWith("epoch 3,", issuing.ShapeBack, StringComparison.Ordinal);
        Assert.Contains(" l1.lab.example(1) 10.77.0.191 database* ", issuing.ShapeBack, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 421 ", issuing.RenewedByNone, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"not-issuer\"", issuing.RenewedByNone, StringComparison.Ordinal);
    }

    [Fact]
    public void The_root_CA_is_replaced_under_a_running_cluster()
    {
        Assert.Contains("The new root CA now signs", issuing.Rotated.Output, StringComparison.Ordinal);
        Assert.Contains("The old root CA is dropped", issuing.Finished.Output, StringComparison.Ordinal);
        Assert.StartsWith("epoch 3,", issuing.ShapeRotated, StringComparison.Ordinal);
    }
}

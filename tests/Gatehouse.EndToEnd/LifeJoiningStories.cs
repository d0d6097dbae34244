using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(LifeCollection.Name)]
public sealed class LifeJoiningStories(LifeHosts life)
{
    private readonly LifeJoining joining = life.Joining;

    [Fact]
    public void Five_hosts_are_one_cluster_and_every_one_says_the_same()
    {
        Assert.Contains("Cluster life is running; l1.lab.example is its first node.", joining.Bootstrap.Output, StringComparison.Ordinal);
        Assert.Contains("epoch 1, settings 1:", joining.Shape, StringComparison.Ordinal);
        Assert.Contains(" l1.lab.example(1) 10.77.0.191 database* has 1;", joining.Shape, StringComparison.Ordinal);
        Assert.Matches(@" l2\.lab\.example\([2-9]\) 10\.77\.0\.192 database has 1;", joining.Shape);
        foreach (var host in new[] { LifeHosts.Third, LifeHosts.Fourth, LifeHosts.Fifth })
            Assert.Matches($@" {LifeHosts.Name(host)}\([2-9]\) {LifeHosts.Address(host)} web has 1;", joining.Shape);
    }

    [Fact]
    public void A_code_that_is_typed_lets_a_host_in() =>
        Assert.Matches(@"^l2\.lab\.example is node \d of the cluster life\.", joining.TypedCode.Output);

    [Fact]
    public void A_host_that_nobody_vouches_for_gets_nothing()
    {
        joining.UnknownKey.Expect(1);
        Assert.Contains("the host key of 10.77.0.193 is not known here", joining.UnknownKey.Output, StringComparison.Ordinal);
        Assert.Contains("the host key of 10.77.0.194 is not known here", joining.UnknownKey.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent.", joining.UnknownKey.Output, StringComparison.Ordinal);
        Assert.Contains("0 of 2 hosts joined.", joining.UnknownKey.Output, StringComparison.Ordinal);
        joining.OtherKey.Expect(1);
        Assert.Contains("none of these was given with --host-key", joining.OtherKey.Output, StringComparison.Ordinal);
        Assert.False(joining.IsTouchedByRefusal, "something is on the hosts");
    }

    [Fact]
    public void A_push_that_was_killed_comes_to_its_end_when_it_is_run_again()
    {
        Assert.Equal(137, joining.KilledPush);
        joining.PushAgain.Expect(0);
    }

    [Fact]
    public void A_host_that_shows_another_key_than_before_is_refused()
    {
        joining.AfterChangedKey.Expect(1);
        Assert.Contains("10.77.0.194: failed: ", joining.AfterChangedKey.Output, StringComparison.Ordinal);
        Assert.Contains("/var/lib/gatehouse/cluster/known_hosts", joining.AfterChangedKey.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_carried_file_lets_a_host_in_and_one_with_another_CA_does_not()
    {
        Assert.NotEqual(0, joining.SwappedBundle.ExitCode);
        Assert.Contains("its CA is not the one that its code asks for", joining.SwappedBundle.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent to anybody", joining.SwappedBundle.Error, StringComparison.Ordinal);
        Assert.False(joining.IsTouchedBySwapped, "something was changed");
        Assert.Matches(@"^l5\.lab\.example is node \d of the cluster life\.", joining.Carried.Output);
    }
}

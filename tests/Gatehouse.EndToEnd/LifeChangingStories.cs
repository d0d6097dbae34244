using System.Text.Json;
using Xunit;

namespace Gatehouse.EndToEnd;

[Collection(LifeCollection.Name)]
public sealed class LifeChangingStories(LifeHosts life)
{
    private readonly LifeChanging changing = life.Changing;

    [Fact]
    public void What_is_changed_on_any_member_is_on_all_when_the_command_ends() => Assert.Equal(["Europe/Paris"], changing.AfterChange);

    [Fact]
    public void A_version_that_fails_where_it_is_tried_is_taken_back_and_gets_no_further()
    {
        changing.FailedHere.Expect(4);
        Assert.Contains("chrony.service", changing.FailedHere.Error, StringComparison.Ordinal);
        Assert.Equal(["Europe/Paris"], changing.AfterFailedHere);
    }

    [Fact]
    public void A_version_that_fails_on_another_member_is_withdrawn_from_all()
    {
        changing.FailedThere.Expect(4);
        Assert.Contains("failed on l4.lab.example: ", changing.FailedThere.Error, StringComparison.Ordinal);
        Assert.Equal(["Europe/Paris"], changing.AfterFailedThere);
    }

    [Fact]
    public void Who_is_away_holds_nobody_up_and_catches_up()
    {
        Assert.Equal(["Europe/Oslo"], changing.AfterOneAway);
        // Tried and followed, tried and failed, followed and withdrawn, followed.
        Assert.Contains("settings 5:", changing.Shape, StringComparison.Ordinal);
    }

    [Fact]
    public void Orders_are_carried_out_by_all_and_all_tell()
    {
        foreach (var order in changing.Orders)
        {
            using var json = JsonDocument.Parse(order.Expect(0).Output);
            var results = json.RootElement.GetProperty("results").EnumerateArray().ToArray();
            Assert.Equal(LifeHosts.All.Select(LifeHosts.Name).Order(), results.Select(r => r.GetProperty("node").GetString()!).Order());
            Assert.All(results, r => Assert.Equal("done", r.GetProperty("state").GetString()));
        }
    }
}

using Gatehouse.Cluster.Following;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class ClusterOrdersTests
{
    [Theory]
    [InlineData("mx1.example.org (anna)", "anna on mx1.example.org")]
    [InlineData("mx1.example.org", "mx1.example.org")]
    public void An_order_is_carried_out_in_the_name_of_the_one_that_gave_it(string by, string behind) =>
        Assert.Equal(behind, ClusterOrders.Behind(by));

    [Theory]
    [InlineData("quarantine")]
    [InlineData("verify")]
    [InlineData("something-of-a-later-release")]
    public async Task An_order_that_comes_too_late_is_told_so(string kind)
    {
        var now = DateTimeOffset.UtcNow;
        var (state, output) = await ClusterOrders.CarryOutAsync(
            new ClusterCommand(1, kind, "{}", [1], "n1", now.AddMinutes(-2), now.AddMinutes(-1)),
            new LocalMachine("/nonexistent"),
            TimeProvider.System,
            default
        );
        Assert.Equal((CommandState.Refused, "its time was over when this node saw it"), (state, output));
    }
}

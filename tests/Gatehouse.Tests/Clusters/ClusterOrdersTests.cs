using Gatehouse.Clusters;
using Gatehouse.Machines;
using Gatehouse.Registry;
using Xunit;

namespace Gatehouse.Tests.Clusters;

public sealed class ClusterOrdersTests
{
    [Theory]
    [InlineData("quarantine")]
    [InlineData("verify")]
    [InlineData("something-of-a-later-release")]
    public async Task An_order_that_comes_too_late_is_told_so(string kind)
    {
        var now = DateTimeOffset.UtcNow;
        var (state, output) = await ClusterOrders.CarryOutAsync(new ClusterCommand(1, kind, "{}", [1], "n1", now.AddMinutes(-2), now.AddMinutes(-1)), new LocalMachine("/nonexistent"), TimeProvider.System, default);
        Assert.Equal((CommandState.Refused, "its time was over when this node saw it"), (state, output));
    }
}

using Gatehouse.Cluster.Applying;
using Xunit;

namespace Gatehouse.Tests;

public sealed class ShippedTests
{
    [Fact]
    public void Screens_and_templates_can_be_read()
    {
        Assert.NotEmpty(Shipped.Screens().Fields);
        Assert.NotEmpty(Shipped.Templates("/nonexistent").Components);
    }
}

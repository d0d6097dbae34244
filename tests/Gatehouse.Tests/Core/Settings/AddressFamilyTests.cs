using Gatehouse.Core.Settings;
using Gatehouse.Tests.Support;
using Xunit;

namespace Gatehouse.Tests.Core.Settings;

/// <summary>What a host listens on whose kernel knows no IPv6.</summary>
public sealed class AddressFamilyTests
{
    private const string Peers = "cluster:\n  id: 2\n  peers:\n    - {name: w9.example.org, address: 192.0.2.19, profile: node, id: 9}\n";

    private static readonly Inputs Without = Inputs.Of(Samples.Facts with { HasIPv6 = false });

    [Theory]
    [InlineData("/etc/nginx/conf.d/gatehouse.conf", true)]
    [InlineData("/etc/nginx/conf.d/gatehouse.conf", false)]
    [InlineData("/etc/nginx/conf.d/gatehouse-controller.conf", true)]
    [InlineData("/etc/nginx/conf.d/gatehouse-controller.conf", false)]
    public void Nginx_listens_on_IPv6_where_the_kernel_knows_it(string path, bool known)
    {
        var text = Samples
            .Render(Samples.Member("node") + "web:\n  load_balancers: [192.0.2.5]\n" + Peers, known ? null : Without)
            .FileText(path);
        var lines = text.Split('\n').Where(l => l.TrimStart().StartsWith("listen ", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(lines);
        Assert.Equal(known ? lines.Length / 2 : 0, lines.Count(l => l.Contains("[::]", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_balancer_binds_to_IPv6_where_the_kernel_knows_it()
    {
        var yaml = Samples.Member("balancer") + Peers;
        Assert.Contains(" :::25 ", Bound(Samples.Render(yaml)), StringComparison.Ordinal);
        Assert.DoesNotContain(" :::", Bound(Samples.Render(yaml, Without)), StringComparison.Ordinal);

        static string Bound(Gatehouse.Core.Rendering.RenderedNode node) =>
            node.FileText("/etc/gatehouse/balancer/haproxy.cfg").ReplaceLineEndings(" ");
    }
}

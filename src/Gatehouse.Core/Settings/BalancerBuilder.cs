using System.Globalization;

namespace Gatehouse.Core.Settings;

/// <summary>Makes the settings of the balancers.</summary>
internal static class BalancerBuilder
{
    public static BalancerSettings Build(ValueSet v)
    {
        var settings = new BalancerSettings
        {
            Nodes = v.List<string>("balancer.nodes"),
            Ports = [.. v.List<string>("balancer.ports").Select(p => int.Parse(p, CultureInfo.InvariantCulture)).Order()],
            Consul = v.Get<bool>("balancer.consul"),
        };
        return v.Profile!.Clustered ? settings : BalancerSettings.None;
    }
}

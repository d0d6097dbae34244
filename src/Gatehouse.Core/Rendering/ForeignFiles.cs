using System.Collections.Immutable;
using System.Net;
using Gatehouse.Core.Settings;

namespace Gatehouse.Core.Rendering;

/// <summary>Configuration for hosts and programs outside of the cluster, made from its templates.</summary>
public static class ForeignFiles
{
    /// <summary>haproxy's configuration for a host that is no member; null when the cluster has nothing that it could balance.</summary>
    /// <param name="templates">The templates.</param>
    /// <param name="settings">Settings of one node of the cluster, or of the one gateway.</param>
    /// <param name="listen">The addresses that it listens on, which it also talks from; none means all.</param>
    /// <exception cref="TemplateException">A site's own template cannot be rendered.</exception>
    public static string? Balancer(TemplateSet templates, GatewaySettings settings, ImmutableArray<IPAddress> listen)
    {
        var view = BalancerView.Of(settings, Nodes(settings), listen, listen);
        return view["any"] is true ? Render(templates, "haproxy/haproxy.cfg.hbs", ViewBuilder.Map(("balancer", view))) : null;
    }

    /// <summary>A node's services as a Consul agent takes them; null when the node has none.</summary>
    /// <param name="templates">The templates.</param>
    /// <param name="settings">The node's settings.</param>
    /// <exception cref="TemplateException">A site's own template cannot be rendered.</exception>
    public static string? Consul(TemplateSet templates, GatewaySettings settings)
    {
        var view = ServicesView.Of(settings);
        return view["any"] is true ? Render(templates, "consul/gatehouse.json.hbs", ViewBuilder.Map(("services", view))) : null;
    }

    private static ImmutableArray<Member> Nodes(GatewaySettings settings) =>
        settings.System.Profile.Clustered
            ? Members.Of(settings)
            : [new Member(settings.Cluster.Id, settings.System.Name, settings.System.Address, settings.System.Profile, null)];

    private static string Render(TemplateSet templates, string path, Dictionary<string, object> view) =>
        new TemplateEngine().Render(path, templates.Text(path), view, out _);
}
